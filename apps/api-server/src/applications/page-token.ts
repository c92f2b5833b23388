/** `continue` of lists: opaque text that says after which item the next page begins, and of which query it is. */
import { createHash } from 'node:crypto';
import { ApiError } from '../errors.js';
import type { Position } from './order.js';

const FORMAT = 1;
/** Long enough to read a page; a bookmark for ever would bind every later version to this one's order. */
const LIFETIME_S = 3_600;

export interface PageToken {
  /** Of the last item of the page before. */
  readonly after: Position;
}

/** `query`: the conditions and the order; limit, counts and fields may change from page to page. */
export function writePageToken(query: object, after: Position, now: Date): string {
  const issued = Math.floor(now.getTime() / 1000);
  return Buffer.from(JSON.stringify([FORMAT, issued, fingerprint(query), after])).toString('base64url');
}

/** @throws ApiError invalidArgument when it is no token or one of another query, `expired` when it is too old. */
export function readPageToken(text: string, query: object, now: Date): PageToken {
  const [format, issued, of, after] = parse(text);
  if (typeof format !== 'number' || typeof issued !== 'number') throw unreadable();
  const age = now.getTime() / 1000 - issued;
  if (format !== FORMAT || age > LIFETIME_S) {
    throw new ApiError('expired', 'the continue token is too old; begin again with a list without it');
  }
  if (of !== fingerprint(query)) {
    const text = 'the continue token belongs to another query: leave filters, sortBy and order as they were';
    throw new ApiError('invalidArgument', text);
  }
  if (typeof after !== 'string') throw unreadable();
  return { after };
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(value)) return value as unknown[];
  } catch {
    // Not ours: said below.
  }
  throw unreadable();
}

function unreadable(): ApiError {
  return new ApiError(
    'invalidArgument',
    'continue is not a token of this API; take it from metadata.continue of a list',
  );
}

function fingerprint(query: object): string {
  const sorted = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 12);
}
