/** Base64 and UTF-8 in plain ECMAScript: this library runs in browsers and in Node, and uses the globals of neither. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...ALPHABET].map((character, index) => [character, index]));

/** Length of the text in UTF-8 bytes. Lone surrogates count three, as encoders replace them by U+FFFD. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Base64 (standard alphabet, whitespace ignored, padding optional) to text. Undefined when it is not base64 of UTF-8. */
export function decodeBase64Text(encoded: string): string | undefined {
  const digits = encoded.replace(/\s/g, '').replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) return undefined;
  const escaped: string[] = [];
  let buffer = 0;
  let bits = 0;
  for (const digit of digits) {
    const value = VALUES.get(digit);
    if (value === undefined) return undefined;
    buffer = ((buffer << 6) | value) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    escaped.push(`%${((buffer >> bits) & 0xff).toString(16).padStart(2, '0')}`);
  }
  try {
    return decodeURIComponent(escaped.join(''));
  } catch {
    return undefined; // the bytes are not UTF-8
  }
}

/** Text to base64 of its UTF-8 bytes, padded. @throws URIError for lone surrogates. */
export function encodeBase64Text(text: string): string {
  const bytes = [...encodeURIComponent(text).matchAll(/%([0-9A-F]{2})|([\s\S])/g)].map(([, hex, plain]) =>
    hex === undefined ? (plain ?? '').charCodeAt(0) : Number.parseInt(hex, 16),
  );
  let encoded = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second, third] = bytes.slice(index, index + 3);
    const group = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    encoded += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    encoded += second === undefined ? '=' : ALPHABET.charAt((group >> 6) & 63);
    encoded += third === undefined ? '=' : ALPHABET.charAt(group & 63);
  }
  return encoded;
}
