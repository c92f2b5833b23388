/** CPU time and memory of processes, from /proc. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Process ids by program. */
export type Pids = Readonly<Record<string, number>>;

let ticksPerSecond: number | undefined;

/** User and system time so far, with that of children that have ended (renderers). */
export function cpuSeconds(pid: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets, which may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / ticksPerSecond;
}

/** The largest resident size so far. */
export function peakRssMb(pid: number): number {
  return statusMb(pid, 'VmHWM');
}

/** The resident size now. */
export function residentMb(pid: number): number {
  return statusMb(pid, 'VmRSS');
}

function statusMb(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** CPU seconds by program; subtract two of them with `since`. */
export function cpuOf(pids: Pids): Readonly<Record<string, number>> {
  return mapValues(pids, cpuSeconds);
}

/** What was used after `before`, with the sum of the named services as `services`. */
export function since(
  before: Readonly<Record<string, number>>,
  pids: Pids,
  services: readonly string[],
): Record<string, number> {
  const used = mapValues(cpuOf(pids), (seconds, name) => round(seconds - (before[name] ?? 0), 2));
  return { ...used, services: round(sumOf(used, services), 2) };
}

export function sumOf(values: Readonly<Record<string, number>>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (values[name] ?? 0), 0);
}

export function mapValues<T>(
  values: Readonly<Record<string, T>>,
  map: (value: T, name: string) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
