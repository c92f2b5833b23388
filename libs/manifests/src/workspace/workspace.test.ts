/** Tools in workspaces: what they see, what they may use, and that nothing of them stays. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { treeOf } from '../testing/memory-tree.js';
import type { ToolArgument, Toolbox, Workspace, WorkspaceFile } from './ports.js';
import { createToolbox, type ToolboxOptions, toolSearchPath } from './toolbox.js';

const folder = mkdtempSync(join(tmpdir(), 'tiphys-workspace-test-'));
const binaries = join(folder, 'bin');
const workFolder = join(folder, 'work');
mkdirSync(binaries);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** A tool of our own: what it does is a shell script. */
function install(name: string, script: string): void {
  const path = join(binaries, name);
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(path, 0o755);
}
install('echoargs', 'for a in "$@"; do echo "$a"; done');
install('environment', 'env; pwd; ls -A "$HOME"; ls -A "$TMPDIR"');
install('sleeper', 'sleep 300 & echo $! > pid; wait');
install('endless', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done');
install('chatty', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; done');
install('failing', 'echo "cannot read $PWD/values.yaml: token=abcdefgh12345 and hunter22 in $TMPDIR" >&2; exit 3');
install('suicidal', 'kill -9 $$');
install('daemon', 'sleep 300 & echo $! > pid; echo done');
install('counter', 'echo "v1.2.3 $(date +%N)"');
install('reader', 'cat');

const { signal } = new AbortController();
const toolbox = (options: Partial<ToolboxOptions> = {}): Toolbox =>
  createToolbox({ workFolder, searchPath: [binaries], parallelism: 4, timeoutMs: 10_000, ...options });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Run {
  readonly tool: string;
  readonly args?: readonly ToolArgument[];
  readonly files?: readonly WorkspaceFile[];
  readonly tools?: Toolbox;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly secrets?: readonly string[];
  readonly use?: (workspace: Workspace) => Promise<void>;
}

function run({ tool, args = [], files = [], tools = toolbox(), use, signal: given = signal, ...rest }: Run) {
  return tools.withWorkspace(
    files,
    async (workspace) => {
      try {
        return await tools.run({ tool, args, workspace, ...rest }, given);
      } finally {
        await use?.(workspace);
      }
    },
    signal,
  );
}

/** Nobody may have collected it yet: a zombie is dead. */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const pidIn = async (workspace: Workspace): Promise<number> => Number(await readFile(workspace.path('pid'), 'utf8'));

describe('a workspace', () => {
  it('holds exactly the files, for its owner only, and is gone afterwards', async () => {
    const tree = treeOf({ 'deep/in/a.txt': 'A' });
    const entry = await tree.entry('deep/in/a.txt');
    const files: readonly WorkspaceFile[] = [
      { path: 'deep/in/a.txt', tree, oid: entry!.oid },
      { path: 'b.txt', bytes: bytes('B') },
      { path: 'links/to-deep', link: 'deep' },
    ];
    await toolbox().withWorkspace(
      files,
      async (workspace) => {
        const found = readdirSync(workspace.root, { recursive: true }).map(String);
        const outsideOfLinks = found.filter((path) => !path.startsWith('links/to-deep/')).sort();
        expect(outsideOfLinks).toEqual(['b.txt', 'deep', 'deep/in', 'deep/in/a.txt', 'links', 'links/to-deep']);
        expect(await readFile(workspace.path('links/to-deep/in/a.txt'), 'utf8')).toBe('A');
        expect(await readlink(workspace.path('links/to-deep'))).toBe('../deep');
        expect(statSync(join(workspace.root, '..')).mode & 0o777).toBe(0o700);
        expect(statSync(workspace.path('b.txt')).mode & 0o777).toBe(0o600);
      },
      signal,
    );
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it.each([
    ['above it', '../x'],
    ['absolute', '/etc/x'],
    ['with a dot', './x'],
    ['with a zero byte', 'a\0b'],
  ])('S7 takes no path %s, neither for files nor for links', async (_name, path) => {
    for (const file of [
      { path, bytes: bytes('') },
      { path: 'link', link: path },
    ]) {
      const making = toolbox().withWorkspace([file], async () => undefined, signal);
      await expect(making).rejects.toThrow(/is not a path inside of a workspace/);
    }
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it('S7 never writes through a link', async () => {
    const files = [
      { path: 'out', link: 'other' },
      { path: 'out/x', bytes: bytes('') },
    ];
    const making = toolbox().withWorkspace(files, async () => undefined, signal);
    await expect(making).rejects.toThrow(/could not be written/);
  });

  it.each([
    ['files', { maxFiles: 1 }, /more than 1 files/],
    ['bytes', { maxBytes: 3 }, /more than 3 bytes/],
  ])('has a limit on its %s', async (_name, limits, message) => {
    const files = ['a', 'b'].map((path) => ({ path, bytes: bytes('xx') }));
    const making = toolbox(limits).withWorkspace(files, async () => undefined, signal);
    await expect(making).rejects.toMatchObject({ code: 'ManifestGeneration' });
    await expect(making).rejects.toThrow(message);
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it('says what to do about a path that is too long', async () => {
    const making = toolbox().withWorkspace(
      [{ path: 'x'.repeat(300), bytes: bytes('') }],
      async () => undefined,
      signal,
    );
    await expect(making).rejects.toThrow(/longer than the file system allows. Shorten it/);
  });

  it('is made in memory when it is small, and on the disk when not, or when there is no memory', async () => {
    const memoryFolder = mkdtempSync(join(folder, 'memory-'));
    const placeOf = (files: readonly WorkspaceFile[], memory: string): Promise<string> =>
      toolbox({ memoryFolder: memory }).withWorkspace(files, async ({ root }) => dirname(dirname(root)), signal);
    const [small, large] = [10, 5 * 1024 * 1024].map((size) => [{ path: 'a', bytes: new Uint8Array(size) }]);
    expect(await placeOf(small!, memoryFolder)).toBe(memoryFolder);
    expect(await placeOf(large!, memoryFolder)).toBe(workFolder);
    expect(await placeOf(small!, join(folder, 'none'))).toBe(workFolder);
    expect([...readdirSync(memoryFolder), ...readdirSync(workFolder)]).toEqual([]);
    const making = toolbox({ memoryFolder, maxBytes: 3 }).withWorkspace(small!, async () => undefined, signal);
    await expect(making).rejects.toThrow(/more than 3 bytes/);
  });

  it('is removed when its user fails, too', async () => {
    const failing = toolbox().withWorkspace([], () => Promise.reject(new Error('no')), signal);
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(workFolder)).toEqual([]);
  });
});

describe('a tool', () => {
  it('S5 sees its own environment only: no credentials, home or proxy of this process', async () => {
    vi.stubEnv('TIPHYS_TEST_SECRET', 'hunter2');
    const { stdout } = await run({ tool: 'environment', env: { GIVEN: 'yes' } });
    vi.unstubAllEnvs();
    expect(stdout).not.toContain('hunter2');
    const names = stdout.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    const expected = [
      'GIVEN',
      'GOGC',
      'GOMAXPROCS',
      'GOMEMLIMIT',
      'HOME',
      'HTTPS_PROXY',
      'HTTP_PROXY',
      'KUBECONFIG',
      'LANG',
      'PATH',
      'PWD',
    ];
    expect(names.sort()).toEqual([...expected, 'TMPDIR'].sort());
    expect(stdout).toContain('KUBECONFIG=/dev/null');
    expect(stdout).toContain(`HOME=${workFolder}`);
  });

  it('S2 gets no option from an input', async () => {
    const args = ['--fixed', { input: 'value' }, { input: '' }];
    expect((await run({ tool: 'echoargs', args })).stdout).toBe('--fixed\nvalue\n\n');
    for (const input of ['-x', '--exec=/bin/sh', '-', 'a\0b']) {
      await expect(run({ tool: 'echoargs', args: [{ input }] })).rejects.toMatchObject({ code: 'InvalidSpec' });
    }
  });

  it('reads what it is given', async () => {
    expect((await run({ tool: 'reader', stdin: 'hello' })).stdout).toBe('hello');
    expect((await run({ tool: 'echoargs', stdin: 'x'.repeat(1_000_000) })).stdout).toBe('');
  });

  it('S6 fails with its own words, without temporary paths, secrets and tokens', async () => {
    const failing = run({ tool: 'failing', secrets: ['hunter22'] });
    await expect(failing).rejects.toThrow(
      /^failing failed with exit code 3. It said: cannot read values.yaml: token=\*\*\* and \*\*\* in tmp$/,
    );
    await expect(failing).rejects.toMatchObject({ code: 'ManifestGeneration' });
  });

  it('that ends by a signal is a failure', async () => {
    await expect(run({ tool: 'suicidal' })).rejects.toThrow(/suicidal was ended by SIGKILL/);
  });

  it.each([
    ['not there', 'absent'],
    ['a path', '../bin/echoargs'],
    ['an option', '--help'],
  ])('that is %s cannot be run', async (_name, tool) => {
    await expect(run({ tool })).rejects.toThrow(/is not installed. Put it into the folder TIPHYS_TOOLS/);
  });

  it('tells its version once', async () => {
    const tools = toolbox();
    const [first, second] = [await tools.version('counter'), await tools.version('counter')];
    expect(first).toMatch(/^v1\.2\.3 \d+$/);
    expect(second).toBe(first);
    await expect(tools.version('failing')).rejects.toThrow(/failing failed/);
  });
});

describe('limits', () => {
  it('on time: the tool and its children are killed', async () => {
    let pid = 0;
    const use = async (workspace: Workspace): Promise<void> => void (pid = await pidIn(workspace));
    const started = performance.now();
    await expect(run({ tool: 'sleeper', tools: toolbox({ timeoutMs: 2_000 }), use })).rejects.toThrow(
      /sleeper did not finish within 2 s and was stopped/,
    );
    expect(performance.now() - started).toBeLessThan(15_000);
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it('R9 on processor time, by the kernel: a tool ends even when nobody is left to stop it', async () => {
    install('limited', '/bin/cat /proc/self/limits');
    const { stdout } = await run({ tool: 'limited', tools: toolbox({ timeoutMs: 7_000 }) });
    expect(stdout).toMatch(/^Max cpu time\s+28\s+28\s/m);
  });

  it('on output: endless output ends early, endless errors are cut', async () => {
    await expect(run({ tool: 'endless', tools: toolbox({ maxOutputBytes: 100_000 }) })).rejects.toThrow(
      /wrote more than 100000 bytes and was stopped/,
    );
    const error = await run({ tool: 'chatty', tools: toolbox({ timeoutMs: 1_000 }) }).catch((reason: Error) => reason);
    expect((error as Error).message.length).toBeLessThan(6_000);
  });

  it('on processes: no more than the given number at a time', async () => {
    install(
      'slow',
      'echo x >> "$COUNTER"; n=$(ls "$RUNNING" | wc -l); touch "$RUNNING/$$"; echo "$n"; sleep 0.1; rm "$RUNNING/$$"',
    );
    const running = mkdtempSync(join(folder, 'running-'));
    const tools = toolbox({ parallelism: 2 });
    const env = { RUNNING: running, COUNTER: '/dev/null' };
    const outputs = await Promise.all(Array.from({ length: 8 }, () => run({ tool: 'slow', tools, env })));
    expect(Math.max(...outputs.map(({ stdout }) => Number(stdout)))).toBeLessThan(2);
  });

  it('aborting kills the tool, or ends the waiting for a place', async () => {
    const tools = toolbox({ parallelism: 1 });
    const giveUp = new AbortController();
    const [first, second] = [0, 1].map(() => run({ tool: 'sleeper', tools, signal: giveUp.signal }));
    const outcomes = Promise.allSettled([first, second]);
    setImmediate(() => giveUp.abort(new Error('gave up')));
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'gave up' } });
    }
    expect((await run({ tool: 'echoargs', tools, args: ['next'] })).stdout).toBe('next\n');
  });

  it('what a tool leaves running is killed when it ends', async () => {
    let pid = 0;
    const use = async (workspace: Workspace): Promise<void> => void (pid = await pidIn(workspace));
    expect((await run({ tool: 'daemon', use })).stdout).toBe('done\n');
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
  });
});

it('tools are searched for in their own folder first; relative folders are no place for programs', () => {
  expect(toolSearchPath('/tools', '/a:relative:/b').slice(0, 3)).toEqual(['/tools', '/a', '/b']);
  expect(toolSearchPath(undefined, undefined)).toEqual(['/usr/local/bin', '/usr/bin', '/bin']);
});
