/** The commands of a plugin: in the folder of the source, bounded, killed as a group, and without a network where that was declared. */
import { accessSync, constants } from 'node:fs';
import { GitOpsError } from '@tiphys/model';
import { type ProcessEnd, runProcess } from '../../workspace/run-process.js';
import { cleanMessage } from '../../workspace/tool-error.js';
import type { PluginCommand } from './config.js';
import type { ReceivedSource } from './receive.js';

export interface CommandLimits {
  readonly timeoutMs: number;
  /** After the time is over, until the command is killed (`ARGOCD_EXEC_FATAL_TIMEOUT`). */
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  /** Data of each process; needs prlimit, else only the container's limit holds. */
  readonly memoryBytes: number;
}

export interface CommandContext {
  /** Environment of the sidecar. */
  readonly inherited: Readonly<Record<string, string>>;
  readonly limits: CommandLimits;
  /** Put before every command: the tools that take its network and bound its memory. */
  readonly wrapper: readonly string[];
}

export interface CommandRun {
  /** `generate`, as messages name it. */
  readonly step: string;
  readonly plugin: string;
  readonly command: PluginCommand;
  readonly source: ReceivedSource;
}

/** Standard output. @throws GitOpsError ManifestGeneration with what the command wrote on stderr, or the limit it exceeded. */
export async function runCommand(run: CommandRun, context: CommandContext, signal: AbortSignal): Promise<string> {
  const { limits, wrapper, inherited } = context;
  const { source, command } = run;
  const [program = '', ...args] = [...wrapper, ...command.command];
  const result = await runProcess({
    ...{ command: program, args, signal, cwd: source.folder },
    env: { ...inherited, ...source.environment, TMPDIR: source.tmp },
    timeoutMs: limits.timeoutMs,
    graceMs: limits.graceMs,
    maxOutputBytes: limits.maxOutputBytes,
  });
  if (result.end.kind === 'exited' && result.end.code === 0) return result.stdout;
  if (result.end.kind === 'aborted') signal.throwIfAborted();
  const folders = [source.root, source.tmp];
  const said = cleanMessage(result.stderr, { folders, secrets: secretsOf(inherited) });
  throw failure(run, describeEnd(result.end, limits), said);
}

const SECRET_NAME = /TOKEN|PASSWORD|PASSWD|SECRET|KEY|CREDENTIAL|AUTH/i;

/** Values of the sidecar's environment that its name calls secret: commands like to print them. */
function secretsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= 4)
    .map(([, value]) => value);
}

function describeEnd(end: ProcessEnd, limits: CommandLimits): string {
  switch (end.kind) {
    case 'exited':
      return `failed with exit code ${end.code}`;
    case 'timeout':
      return `did not finish within ${limits.timeoutMs / 1_000} s and was stopped`;
    case 'tooMuchOutput':
      return `printed more than ${limits.maxOutputBytes} bytes and was stopped`;
    case 'killed':
      return `was killed (${end.signal}); it may need more memory`;
    case 'notStarted':
      return `could not be started (${codeOf(end.error)}): check that the program is in the sidecar's image`;
    case 'aborted':
      return 'was stopped, because nobody waits for the answer';
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : 'unknown reason';
}

function failure({ plugin, step }: CommandRun, what: string, said: string): GitOpsError {
  const text = said === '' ? '.' : `: ${said}`;
  return new GitOpsError('ManifestGeneration', `The ${step} command of the plugin ${plugin} ${what}${text}`);
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin'];

/** Absolute path of a system tool; undefined when the image has none. */
export function findTool(name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
