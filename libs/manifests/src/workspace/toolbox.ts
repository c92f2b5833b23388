/** The tools that are installed, and running them in workspaces. */
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { GitOpsError } from '@tiphys/model';
import { createSemaphore, type Semaphore } from '@tiphys/runtime';
import { createClosing } from './closing.js';
import type { RendererStartReport, ToolArgument, Toolbox, ToolOutput, ToolRun } from './ports.js';
import { createRenderers, type InstalledTool, OUT_OF_MEMORY, type Renderers } from './renderers.js';
import { type ProcessEnd, type ProcessResult, runProcess, type StartedProcess } from './run-process.js';
import { type Cleaning, cleanMessage } from './tool-error.js';
import { type MaterializedWorkspace, makeFolder, materialize } from './workspace.js';

export interface ToolboxOptions {
  /** Folder of the workspaces. Empty it at start: a killed process leaves its own behind (R9). */
  readonly workFolder: string;
  /** A folder in memory for small ones (`tmpfs`); it must exist. Without it all are on the disk of `workFolder`. */
  readonly memoryFolder?: string | undefined;
  /** Folders with the binaries, searched in order. */
  readonly searchPath: readonly string[];
  /** Tool processes at a time; `reposerver.parallelism.limit` of Argo CD. */
  readonly parallelism: number;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  /** For one tool process, over what its runtime reserves; needs prlimit on the search path of the system, else there is no limit. */
  readonly memoryBytes?: number;
  readonly maxFiles?: number;
  /** Of all files of a workspace together. */
  readonly maxBytes?: number;
  /** Long-lived processes in place of command lines where `render-<tool>` is installed; default `used`. The results are the same. */
  readonly renderers?: 'used' | 'unused';
  /** After this many renders such a process is replaced. */
  readonly rendersPerProcess?: number;
  /** Such a process ends after being idle for this time. */
  readonly rendererIdleMs?: number;
  /** Told of every run, and whether a long-lived process or a command line did it. */
  readonly onRun?: (tool: string, by: 'renderer' | 'process') => void;
  readonly onRendererStart?: (start: RendererStartReport) => void;
  /** How long a run waited for its place among `parallelism`, also when it gave up. */
  readonly onWait?: (ms: number) => void;
}

const MIB = 1024 * 1024;
const DEFAULTS = {
  timeoutMs: 90_000,
  maxOutputBytes: 64 * MIB,
  memoryBytes: 1024 * MIB,
  maxFiles: 20_000,
  maxBytes: 128 * MIB,
  renderers: 'used',
  rendersPerProcess: 1_000,
  rendererIdleMs: 60_000,
  onRun: () => undefined,
  onRendererStart: () => undefined,
  onWait: () => undefined,
  memoryFolder: undefined,
} as const;
/** Address space that Go's runtime reserves without using it. */
const RUNTIME_ADDRESS_SPACE = 1536 * MIB;
/** Collecting garbage at twice the default costs a long-lived process little time and keeps it small. */
const RENDERER_GOGC = '200';
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];
const TOOL_NAME = /^[a-z]+(-[A-Za-z0-9][A-Za-z0-9.+-]{0,30})?$/;

/** `TIPHYS_TOOLS` first, else the folders of a PATH. */
export function toolSearchPath(toolsFolder: string | undefined, path: string | undefined): readonly string[] {
  return [toolsFolder ?? '', ...(path ?? '').split(delimiter), ...SYSTEM_PATH].filter((folder) =>
    folder.startsWith('/'),
  );
}

function timedPlaces(places: Semaphore, onWait: (ms: number) => void): Semaphore['run'] {
  return async (task, signal) => {
    const start = performance.now();
    let waiting = true;
    const waited = (): void => {
      if (waiting) onWait(performance.now() - start);
      waiting = false;
    };
    try {
      return await places.run(() => {
        waited();
        return task();
      }, signal);
    } finally {
      waited();
    }
  };
}

export function createToolbox(given: ToolboxOptions): Toolbox {
  const options: Settings = { ...DEFAULTS, ...given };
  const workspaces = new WeakMap<object, MaterializedWorkspace>();
  const versions = new Map<string, Promise<string>>();
  const places = createSemaphore(options.parallelism);
  const placed = timedPlaces(places, options.onWait);
  const closing = createClosing();
  const renderers = createRenderers({
    command: (tool) => (options.renderers === 'used' ? rendererCommand(tool, options) : undefined),
    prepare: () => makeFolder(options.workFolder),
    rendersPerProcess: options.rendersPerProcess,
    idleMs: options.rendererIdleMs,
    onStart: options.onRendererStart,
  });
  const { workFolder: folder, memoryFolder, maxFiles, maxBytes } = options;
  const limits = { folder, maxFiles, maxBytes, ...(memoryFolder === undefined ? {} : { memoryFolder }) };
  const toolbox: Toolbox = {
    has: (tool) => findBinary(options.searchPath, tool) !== undefined,
    version: (tool) => {
      const known = versions.get(tool) ?? askVersion(toolbox, tool);
      versions.set(tool, known);
      known.catch(() => versions.delete(tool));
      return known;
    },
    withWorkspace: async (files, work, signal) => {
      const workspace = await materialize(files, limits, signal);
      workspaces.set(workspace, workspace);
      try {
        return await work(workspace);
      } finally {
        await workspace.remove();
      }
    },
    run: async (run, signal) => {
      const workspace = workspaces.get(run.workspace);
      if (workspace === undefined) throw new GitOpsError('Internal', 'A tool was run outside of a workspace.');
      const installed = await installedTool(toolbox, renderers, run);
      const work = (either: AbortSignal): Promise<ToolOutput> =>
        placed(() => runIn({ run, workspace, options, signal: either, renderers, installed }), either);
      return closing.during(signal, work);
    },
    renderers: () => renderers.list(),
    close: () => {
      closing.close(new GitOpsError('Upstream', 'The repo-server is stopping. The next one will render the source.'));
      renderers.close();
    },
  };
  return toolbox;
}

type Settings = Readonly<Required<Omit<ToolboxOptions, 'memoryFolder'>>> & Pick<ToolboxOptions, 'memoryFolder'>;

interface Running {
  readonly run: ToolRun;
  readonly workspace: MaterializedWorkspace;
  readonly options: Settings;
  readonly signal: AbortSignal;
  readonly renderers: Renderers;
  /** Undefined: no renderer can do it. */
  readonly installed: InstalledTool | undefined;
}

/** Asked before a place is taken: asking needs one. */
async function installedTool(toolbox: Toolbox, renderers: Renderers, run: ToolRun): Promise<InstalledTool | undefined> {
  const [command] = run.args;
  const isKnown = run.stdin === undefined && typeof command === 'string' && renderers.knows(run.tool, command);
  return isKnown ? { name: run.tool, version: await toolbox.version(run.tool) } : undefined;
}

async function runIn({ run, workspace, options, signal, renderers, installed }: Running): Promise<ToolOutput> {
  const args = run.args.map((argument) => toArgument(argument, run.tool, options.searchPath));
  const command = requireBinary(options.searchPath, run.tool);
  const request = {
    args,
    cwd: workspace.path(run.folder ?? ''),
    env: { ...baseEnvironment(workspace, options), ...run.env },
    timeoutMs: options.timeoutMs,
    maxOutputBytes: options.maxOutputBytes,
    signal,
  };
  const { base } = workspace;
  const rendered = installed === undefined ? undefined : await renderers.render(installed, { ...request, base });
  options.onRun(run.tool, rendered === undefined ? 'process' : 'renderer');
  const stdin = run.stdin === undefined ? {} : { stdin: run.stdin };
  // Tools run on two processors; the wall time ends them long before, while there is somebody to look at it.
  const processorSeconds = Math.ceil(options.timeoutMs / 1_000) * 4;
  const limits = { ...addressSpace(options), processorSeconds };
  const result = rendered ?? (await runProcess({ command, ...request, ...stdin, ...limits }));
  const cleaning = { folders: [workspace.root, workspace.base], secrets: run.secrets ?? [] };
  const stderr = cleanMessage(result.stderr, cleaning);
  if (result.end.kind === 'exited' && result.end.code === 0) return { stdout: result.stdout, stderr };
  if (result.end.kind === 'aborted') signal.throwIfAborted();
  throw failure({ tool: run.tool, end: result.end, options }, { ...result, stderr }, cleaning);
}

function addressSpace({ memoryBytes }: Settings): Pick<StartedProcess, 'addressSpace'> {
  const prlimit = findBinary(SYSTEM_PATH, 'prlimit');
  return prlimit === undefined ? {} : { addressSpace: { prlimit, bytes: memoryBytes + RUNTIME_ADDRESS_SPACE } };
}

/** Its environment is what each render sees, without folders, which come with the render. */
function rendererCommand(tool: string, options: Settings): StartedProcess | undefined {
  const command = findBinary(options.searchPath, `render-${tool}`);
  if (command === undefined) return undefined;
  const { workFolder, memoryFolder } = options;
  const args = memoryFolder === undefined ? [workFolder] : [workFolder, memoryFolder];
  const nowhere = { home: '/nonexistent', tmp: '/nonexistent' };
  const env = { ...baseEnvironment(nowhere, options), GOGC: RENDERER_GOGC };
  return { command, args, cwd: '/', env, ...addressSpace(options) };
}

/** No credentials, no home of ours, no cluster; a tool that tries the network all the same finds no way out. */
function baseEnvironment(
  { home, tmp }: Pick<MaterializedWorkspace, 'home' | 'tmp'>,
  { memoryBytes }: Settings,
): Readonly<Record<string, string>> {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: home,
    TMPDIR: tmp,
    PATH: '/nonexistent',
    LANG: 'C.UTF-8',
    KUBECONFIG: '/dev/null',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    // A render ends before its garbage is worth collecting: without it kustomize needs half the CPU time.
    GOGC: 'off',
    GOMEMLIMIT: `${Math.floor(memoryBytes / 2)}`,
    GOMAXPROCS: '2',
  };
}

function toArgument(argument: ToolArgument, tool: string, searchPath: readonly string[]): string {
  if (typeof argument === 'string') return argument;
  if ('tool' in argument) return requireBinary(searchPath, argument.tool);
  const { input } = argument;
  if (!input.startsWith('-') && !input.includes('\0')) return input;
  const what = input.startsWith('-') ? 'begins with "-" and would be taken for an option' : 'has a zero byte';
  const message = `"${input.slice(0, 100)}" cannot be given to ${tool}: it ${what}. Correct it in spec.source.`;
  throw new GitOpsError('InvalidSpec', message);
}

function requireBinary(searchPath: readonly string[], name: string): string {
  const path = findBinary(searchPath, name);
  if (path !== undefined) return path;
  const next = 'Put it into the folder TIPHYS_TOOLS of the repo-server, or on its PATH.';
  throw new GitOpsError('Internal', `The tool ${name.slice(0, 60)} is not installed. ${next}`);
}

function findBinary(searchPath: readonly string[], name: string): string | undefined {
  if (name.startsWith('/')) return isVersionBinary(searchPath, name) && isExecutable(name) ? name : undefined;
  if (!TOOL_NAME.test(name)) return undefined;
  return searchPath.map((folder) => join(folder, name)).find(isExecutable);
}

/** A path of the settings (B21): only what calls itself kustomize, in a folder of tools. */
function isVersionBinary(searchPath: readonly string[], path: string): boolean {
  return searchPath.includes(dirname(path)) && /^kustomize[\w.+-]{0,60}$/.test(basename(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Failed {
  readonly tool: string;
  readonly end: ProcessEnd;
  readonly options: Settings;
}

function failure({ tool, end, options }: Failed, result: ProcessResult, cleaning: Cleaning): GitOpsError {
  if (end.kind === 'notStarted') {
    return new GitOpsError('Internal', `${tool} could not be started.`, { cause: end.error });
  }
  const output = result.stderr || cleanMessage(result.stdout, cleaning);
  // The trace of a Go runtime that got no memory helps nobody.
  if (OUT_OF_MEMORY.test(output)) {
    const limit = `needed more memory than the ${options.memoryBytes / MIB} MiB that it may have`;
    return new GitOpsError('ManifestGeneration', `${tool} ${limit}. Make the source smaller, or raise the limit.`);
  }
  const told = output === '' ? '' : ` It said: ${output}`;
  const message = `${tool} ${howItEnded(end, options)}${told}`;
  return new GitOpsError('ManifestGeneration', message);
}

function howItEnded(end: Exclude<ProcessEnd, { kind: 'notStarted' }>, options: Settings): string {
  switch (end.kind) {
    case 'exited':
      return `failed with exit code ${end.code}.`;
    case 'killed':
      return `was ended by ${end.signal}; it may have needed more memory than it may have.`;
    case 'timeout':
      return `did not finish within ${options.timeoutMs / 1_000} s and was stopped. Make the source smaller, or raise the limit.`;
    case 'tooMuchOutput':
      return `wrote more than ${options.maxOutputBytes} bytes and was stopped. Split the application.`;
    case 'aborted':
      return 'was stopped.';
  }
}

const VERSION_ARGS: Readonly<Record<string, readonly string[]>> = {
  helm: ['version', '--short'],
  kustomize: ['version'],
  jsonnet: ['--version'],
};

async function askVersion(toolbox: Toolbox, tool: string): Promise<string> {
  const { signal } = new AbortController();
  const args = VERSION_ARGS[tool.split('-')[0] ?? ''] ?? ['version'];
  const { stdout } = await toolbox.withWorkspace(
    [],
    (workspace) => toolbox.run({ tool, args, workspace }, signal),
    signal,
  );
  return stdout.trim();
}
