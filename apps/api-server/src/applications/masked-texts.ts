/** Masked JSON texts of applications, made once per application state and mask: user interfaces ask the same again and again. */
import { toJson } from '../http/json.js';
import type { FieldMask } from './field-mask.js';
import type { ApplicationEntry } from './store.js';

export interface MaskedTexts {
  /** `{}` when the mask keeps nothing. */
  textOf(entry: ApplicationEntry, mask: FieldMask): string;
}

const MASKS = 8;

export function createMaskedTexts(): MaskedTexts {
  const byMask = new Map<string, WeakMap<ApplicationEntry, string>>();
  const textsOf = (mask: string): WeakMap<ApplicationEntry, string> => {
    const texts = byMask.get(mask) ?? new WeakMap<ApplicationEntry, string>();
    byMask.delete(mask);
    byMask.set(mask, texts);
    const [oldest] = byMask.keys();
    if (byMask.size > MASKS && oldest !== undefined) byMask.delete(oldest);
    return texts;
  };
  return {
    textOf: (entry, mask) => {
      const texts = textsOf(mask.text);
      const known = texts.get(entry);
      if (known !== undefined) return known;
      const { apiVersion: _version, kind: _kind, ...shown } = entry.application;
      const text = toJson(mask.apply(shown) ?? {});
      texts.set(entry, text);
      return text;
    },
  };
}
