/** Two spellings of one value: quantities, durations, numbers as text. Only used to doubt, never to declare equality. */
import type { JsonValue } from '@tiphys/model';
import { canonicalQuantity } from '../normalize/quantity.js';

export function sameMeaning(a: JsonValue, b: JsonValue): boolean {
  if (String(a) === String(b)) return true;
  const quantity = quantityText(a);
  if (quantity !== undefined && quantity === quantityText(b)) return true;
  const duration = durationMilliseconds(a);
  if (duration !== undefined && duration === durationMilliseconds(b)) return true;
  return isTimestamp(a) && isTimestamp(b) && Date.parse(a) === Date.parse(b);
}

/** Digits only (`"010"`, versions like `1.10`) mean what they say as text, so both must look like a quantity. */
function quantityText(value: JsonValue): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(value, 'decimal') : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Go's `time.Duration` text; `undefined` for anything else. */
function durationMilliseconds(value: JsonValue): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ms|s|m|h)){1,8}$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount = '0', , unit = 's'] of value.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return total;
}

function isTimestamp(value: JsonValue): value is string {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(value);
}
