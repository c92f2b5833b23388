/** The few DER encodings (X.690) that a certificate needs. */

/** Any tag with its length and content. */
export function primitive(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return primitive(0x30, Buffer.concat(parts));
}

/** Two's complement bytes, big endian, as they are. */
export function integer(bytes: Buffer): Buffer {
  return primitive(0x02, bytes);
}

export function octets(content: Buffer): Buffer {
  return primitive(0x04, content);
}

/** A bit string whose last byte has `unused` bits that do not count. */
export function bits(content: Buffer, unused: number): Buffer {
  return primitive(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

export const TRUE = primitive(0x01, Buffer.from([0xff]));

/** `[n] EXPLICIT`. */
export function explicit(tag: number, content: Buffer): Buffer {
  return primitive(0xa0 + tag, content);
}

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return primitive(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime: years 1950 to 2049. */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return primitive(0x17, Buffer.from(text.slice(2)));
}

/** A distinguished name with a common name only. */
export function name(commonName: string): Buffer {
  const attribute = sequence(objectId('2.5.4.3'), primitive(0x0c, Buffer.from(commonName)));
  return sequence(primitive(0x31, attribute));
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  return size < 0x100 ? Buffer.from([0x81, size]) : Buffer.from([0x82, size >> 8, size & 0xff]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
