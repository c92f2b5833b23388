/** Secrets that can be recognised again in any text, whole or in part, plain or encoded (S21). */
import { randomBytes } from 'node:crypto';

/** So many characters of a secret in a row are a leak. */
const LEAK_LENGTH = 12;
/** Texts are looked at in steps: a window of GRAM characters begins at one of STEP places inside every leak. */
const GRAM = 6;
const STEP = LEAK_LENGTH - GRAM + 1;

/** Bytes 36 to 67 of the DER, as characters of its base64. */
const PRIVATE_FROM = 48;
const PRIVATE_TO = 90;

export interface Leak {
  /** Of the secret. */
  readonly secret: string;
  /** How it was written. */
  readonly form: string;
  /** The part that was found. */
  readonly found: string;
}

export interface Canaries {
  /** A new secret of letters and digits. */
  plant(name: string): string;
  /** Watches for a secret that has its own form: no part of it may be the same in others. */
  watch(name: string, value: string): string;
  /** Watches for the private number of an EC key in PEM (PKCS #8); what is around it is equal in all keys, or public. */
  watchKey(name: string, pem: string): string;
  /** Watches for the signature of a JWT: without it the token is worth nothing. */
  watchToken(name: string, jwt: string): string;
  /** The first leak of each secret in a text. */
  leaksIn(text: string): readonly Leak[];
  readonly names: readonly string[];
}

interface Form {
  readonly secret: string;
  readonly form: string;
  readonly text: string;
}

interface Place {
  readonly form: Form;
  readonly at: number;
}

export function createCanaries(): Canaries {
  const names: string[] = [];
  const grams = new Map<string, Place[]>();
  const watch = (name: string, value: string): string => {
    names.push(name);
    for (const form of formsOf(name, value)) index(grams, form);
    return value;
  };
  return {
    names,
    watch,
    watchKey: (name, pem) => {
      const [, first = '', second = ''] = pem.split('\n');
      watch(name, first.slice(PRIVATE_FROM));
      watch(name, second.slice(0, PRIVATE_TO - first.length));
      return pem;
    },
    watchToken: (name, jwt) => {
      watch(name, jwt.split('.').at(-1) ?? '');
      return jwt;
    },
    plant: (name) => watch(name, `cnry${randomBytes(20).toString('hex').replace(/[0-4]/g, letterFor)}`),
    leaksIn: (text) => leaksIn(grams, text),
  };
}

/** Not all hex digits: the secret must not look like a commit. */
function letterFor(digit: string): string {
  return 'gkmpr'[Number(digit)] ?? digit;
}

function formsOf(secret: string, value: string): readonly Form[] {
  const bytes = Buffer.from(value);
  const encoded: readonly (readonly [string, string])[] = [
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['url-encoded', encodeURIComponent(value)],
    ['json', JSON.stringify(value).slice(1, -1)],
    ...[0, 1, 2].map((offset) => [`base64 at offset ${offset}`, base64At(bytes, offset)] as const),
    ['base64 twice', base64At(Buffer.from(bytes.toString('base64')), 0)],
    ['upper case', value.toUpperCase()],
    // The last of equal texts gives its name.
    ['plain', value],
  ];
  const unique = new Map(encoded.map(([form, text]) => [text, form]));
  return [...unique].map(([text, form]) => ({ secret, form, text })).filter(({ text }) => text.length >= LEAK_LENGTH);
}

/** The characters that do not depend on what stands before and after the bytes. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  return text.slice(offset === 0 ? 0 : 4, Math.floor(((offset + bytes.length) * 8) / 24) * 4);
}

function index(grams: Map<string, Place[]>, form: Form): void {
  for (let at = 0; at + GRAM <= form.text.length; at += 1) {
    const gram = form.text.slice(at, at + GRAM);
    const places = grams.get(gram);
    if (places === undefined) grams.set(gram, [{ form, at }]);
    else places.push({ form, at });
  }
}

function leaksIn(grams: ReadonlyMap<string, readonly Place[]>, text: string): readonly Leak[] {
  const leaks = new Map<string, Leak>();
  for (let at = 0; at + GRAM <= text.length; at += STEP) {
    for (const place of grams.get(text.slice(at, at + GRAM)) ?? []) {
      const found = commonPart(text, at, place);
      const { secret, form } = place.form;
      if (found.length >= LEAK_LENGTH && !leaks.has(secret)) leaks.set(secret, { secret, form, found });
    }
  }
  return [...leaks.values()];
}

/** Grows the window to both sides as long as text and secret agree. */
function commonPart(text: string, at: number, { form, at: inForm }: Place): string {
  let before = 0;
  while (before < Math.min(at, inForm) && text[at - before - 1] === form.text[inForm - before - 1]) before += 1;
  let length = GRAM;
  while (inForm + length < form.text.length && text[at + length] === form.text[inForm + length]) length += 1;
  return text.slice(at - before, at + length);
}
