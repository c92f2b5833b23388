/** Reading payloads: what has not the documented shape is refused with the name of the field, never guessed (S13). */
import { ApiError } from '../../errors.js';

export type Payload = Readonly<Record<string, unknown>>;

/** JSON, or a form with the JSON in its field `payload`, as GitHub and Gitea send it when told so. */
export function parsePayload(body: Buffer, contentType: string | undefined): Payload {
  const text = isForm(contentType) ? formPayload(body) : body.toString('utf8');
  const value = parseJson(text);
  if (!isRecord(value)) throw new ApiError('invalidArgument', 'the payload is not a JSON object');
  return value;
}

export function isForm(contentType: string | undefined): boolean {
  return /^\s*application\/x-www-form-urlencoded\b/i.test(contentType ?? '');
}

/** The JSON text of a form. @throws ApiError when it has none. */
export function formPayload(body: Buffer): string {
  const payload = new URLSearchParams(body.toString('utf8')).get('payload');
  if (payload !== null) return payload;
  const next = 'choose the content type application/json for the webhook';
  throw new ApiError('invalidArgument', `the form has no field "payload"; ${next}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const next = 'choose the content type application/json for the webhook';
    throw new ApiError('invalidArgument', `the payload is not JSON: ${next}`);
  }
}

/** At least one of the fields. */
export function textsAt(record: Payload, names: readonly string[]): readonly string[] {
  const texts = optionalTexts(record, names);
  if (texts.length === 0) throw malformed(names.join(' or '));
  return texts;
}

export function optionalTexts(record: Payload, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => optionalText(record, name) ?? []);
}

export function textAt(record: Payload, name: string): string {
  const value = optionalText(record, name);
  if (value === undefined) throw malformed(name);
  return value;
}

/** No address, ref or name is longer: what would be, is none. */
const MAX_TEXT_LENGTH = 4_096;

export function optionalText(record: Payload, name: string): string | undefined {
  const value = record[name];
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH ? value : undefined;
}

export function recordAt(record: Payload, name: string): Payload {
  const value = record[name];
  if (!isRecord(value)) throw malformed(name);
  return value;
}

/** Empty when the field is none. */
export function optionalRecord(record: Payload, name: string): Payload {
  const value = record[name];
  return isRecord(value) ? value : {};
}

export function listAt(record: Payload, name: string): readonly Payload[] {
  const value = record[name];
  if (!Array.isArray(value) || !value.every(isRecord)) throw malformed(name);
  return value;
}

export function isRecord(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function malformed(field: string): ApiError {
  return new ApiError('invalidArgument', `the webhook's payload has no valid "${field}"; is it a push event?`);
}

/** Object ids of Git (SHA-1 or SHA-256) among texts, each once; zeros mean that there is none. */
export function objectIds(...texts: readonly (string | undefined)[]): readonly string[] {
  const ids = texts.flatMap((text) => (text !== undefined && OBJECT_ID.test(text) ? [text.toLowerCase()] : []));
  return [...new Set(ids.filter((id) => !NOTHING.test(id)))];
}

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const NOTHING = /^0+$/;
