/** Answers of lists, kept until what they were made from has changed: equal questions get the same, already compressed, text. */
import type { Serialized } from '../http/json.js';

export interface AnswerCache {
  /** Made by `make` unless the answer to `key` is known for this version. */
  get(question: { readonly key: string; readonly version: string }, make: () => Serialized): Serialized;
}

interface Kept {
  readonly version: string;
  readonly answer: Serialized;
}

/** Characters in all; what was asked longest ago goes first. */
export function createAnswerCache(maxCharacters: number): AnswerCache {
  const kept = new Map<string, Kept>();
  let size = 0;
  const remove = (key: string): void => {
    size -= kept.get(key)?.answer.serialized.length ?? 0;
    kept.delete(key);
  };
  return {
    get: ({ key, version }, make) => {
      const known = kept.get(key);
      remove(key);
      const answer = known?.version === version ? known.answer : make();
      kept.set(key, { version, answer });
      size += answer.serialized.length;
      for (const oldest of kept.keys()) {
        if (size <= maxCharacters) break;
        remove(oldest);
      }
      return answer;
    },
  };
}
