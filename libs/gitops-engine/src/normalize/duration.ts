/** Go's `time.Duration` text in one spelling: `60s` and `1m` become `1m0s`. */

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const TEXT = /^([+-]?)((?:\d{1,20}(?:\.\d{1,20})?(?:ns|us|µs|μs|ms|s|m|h)){1,8})$/;
const PART = /(\d+)(?:\.(\d+))?(ns|us|µs|μs|ms|s|m|h)/g;

/** What is no duration stays as it is. */
export function canonicalDuration(text: string): string {
  if (text === '0') return '0s';
  const [, sign, parts] = TEXT.exec(text) ?? [];
  if (parts === undefined) return text;
  let nanos = 0n;
  for (const [, whole = '0', fraction = '', unit = 's'] of parts.matchAll(PART)) {
    const scale = UNIT_NANOS[unit] ?? 0n;
    nanos += BigInt(whole) * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }
  return nanos === 0n ? '0s' : `${sign === '-' ? '-' : ''}${inGoText(nanos)}`;
}

function inGoText(nanos: bigint): string {
  const second = 1_000_000_000n;
  if (nanos < second) return subSecond(nanos);
  const seconds = nanos / second;
  const [hours, minutes] = [seconds / 3_600n, (seconds / 60n) % 60n];
  const rest = `${decimal(nanos % (60n * second), second)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${rest}`;
  return minutes > 0n ? `${minutes}m${rest}` : rest;
}

function subSecond(nanos: bigint): string {
  if (nanos < 1_000n) return `${nanos}ns`;
  return nanos < 1_000_000n ? `${decimal(nanos, 1_000n)}µs` : `${decimal(nanos, 1_000_000n)}ms`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = String(value % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`;
}
