/** Durations as Go writes them (`1h30m`, `180s`, `500ms`), plus days (`2d`), which Argo CD's settings accept. */

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const WHOLE = /^([-+]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d))+)$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g;

/** Milliseconds; `0` needs no unit. Undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[-+]?0$/.test(trimmed)) return 0;
  const match = WHOLE.exec(trimmed);
  if (match === null) return undefined;
  const [, sign, parts = ''] = match;
  let total = 0;
  for (const [, amount = '0', unit = ''] of parts.matchAll(PART)) total += Number(amount) * (UNITS_MS[unit] ?? 0);
  return sign === '-' ? -total : total;
}

/** Milliseconds to Go's spelling, without zero parts (`90000` to `1m30s`, `0` to `0s`). */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`;
  if (milliseconds > 0 && milliseconds < 1_000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = (milliseconds % 60_000) / 1_000;
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
  return text === '' ? '0s' : text;
}
