/** A watch answer as events: one JSON document a line, split without copying more than needed. */
import type { KubernetesObject } from '@tiphys/model';
import type { WatchEvent } from '../ports.js';
import { parseJson } from './json.js';

interface RawEvent {
  readonly type: string;
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

const NEWLINE = 10;

/** Yields events until the body ends; `onData` is called for every chunk (a sign of life). */
export async function* watchEvents(
  body: AsyncIterable<Buffer>,
  onData: () => void = () => undefined,
): AsyncGenerator<WatchEvent> {
  let rest: Buffer[] = [];
  for await (const chunk of body) {
    onData();
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      const text = rest.length === 0 ? part.toString() : Buffer.concat([...rest, part]).toString();
      start = end + 1;
      rest = [];
      if (text !== '') yield toWatchEvent(parseJson(text) as RawEvent);
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}

function toWatchEvent({ type, object }: RawEvent): WatchEvent {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    default:
      return { type: 'ERROR', code: object.code ?? 500, message: object.message ?? 'the watch reported an error' };
  }
}
