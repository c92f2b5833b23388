/** What the kernel and the image let a plugin server do to bound its commands: no network (S5), memory. */
import { runProcess } from '../../workspace/run-process.js';
import type { PluginSpec } from './config.js';
import { findTool } from './run-command.js';

export interface Isolation {
  /** Put before every command. */
  readonly wrapper: readonly string[];
  /** The declaration of the plugin, and whether the kernel enforces it. */
  readonly network: 'allowed' | 'denied' | 'notEnforced';
  readonly memory: 'bounded' | 'containerOnly';
}

/** Tried once at start: a container without user namespaces (seccomp, sysctl) cannot take the network from a process. */
export async function findIsolation(spec: Pick<PluginSpec, 'network'>, memoryBytes: number): Promise<Isolation> {
  const prlimit = findTool('prlimit');
  const bound = prlimit === undefined ? [] : [prlimit, `--data=${memoryBytes}`, '--core=0', '--'];
  const memory = prlimit === undefined ? 'containerOnly' : 'bounded';
  if (spec.network === 'allowed') return { wrapper: bound, network: 'allowed', memory };
  const unshare = findTool('unshare');
  const apart = unshare === undefined ? undefined : [unshare, '--user', '--map-current-user', '--net', '--'];
  if (apart === undefined || !(await works([...apart, ...bound])))
    return { wrapper: bound, network: 'notEnforced', memory };
  return { wrapper: [...apart, ...bound], network: 'denied', memory };
}

async function works(wrapper: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = [...wrapper, 'true'];
  const { end } = await runProcess({
    ...{ command: program, args, cwd: '/', env: { PATH: '/usr/bin:/bin' } },
    timeoutMs: 5_000,
    maxOutputBytes: 1_024,
    signal: new AbortController().signal,
  });
  return end.kind === 'exited' && end.code === 0;
}
