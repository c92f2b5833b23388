/** Processor time and memory of a process and those that it started, from /proc. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

interface ProcessStat {
  readonly program: string;
  readonly parent: number;
  /** User and system time, in milliseconds. */
  readonly ownMs: number;
  /** Of children that have ended. */
  readonly childrenMs: number;
}

/** Undefined when the process is gone. */
function statOf(pid: number): ProcessStat | undefined {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which may contain spaces.
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const ms = (from: number): number =>
      ((Number(fields[from]) + Number(fields[from + 1])) * 1_000) / (ticksPerSecond ?? 100);
    const program = text.slice(text.indexOf('(') + 1, end);
    return { program, parent: Number(fields[1]), ownMs: ms(11), childrenMs: ms(13) };
  } catch {
    return undefined;
  }
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statOf(pid)?.parent === parent);
}

/** Of the process, its children that have ended, and those that have not: it only grows. */
export function familyCpuMs(pid: number): number {
  const total = (stat: ProcessStat | undefined): number => (stat?.ownMs ?? 0) + (stat?.childrenMs ?? 0);
  return [pid, ...childrenOf(pid)].reduce((sum, member) => sum + total(statOf(member)), 0);
}

/** Of the children of this process that have ended. */
export function endedChildrenCpuMs(): number {
  return statOf(process.pid)?.childrenMs ?? 0;
}

export interface Memory {
  readonly resident: number;
  readonly peak: number;
}

/** In MB, of the process under the given name and of its children under theirs, all of the same name together. */
export function familyMemoryMb(pid: number, name: string): Readonly<Record<string, Memory>> {
  const result: Record<string, Memory> = { [name]: memoryMb(pid) };
  for (const child of childrenOf(pid)) {
    const program = statOf(child)?.program ?? 'gone';
    const [before, more] = [result[program] ?? { resident: 0, peak: 0 }, memoryMb(child)];
    result[program] = { resident: before.resident + more.resident, peak: before.peak + more.peak };
  }
  return result;
}

function memoryMb(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number =>
    Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024);
  return { resident: read('VmRSS'), peak: read('VmHWM') };
}
