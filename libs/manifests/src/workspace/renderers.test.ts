/** Renderers that answer, fail, hang and die: the result is right all the same, or the limit is named (design 5). */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { installFakeRenderer } from '../testing/fake-renderer.js';
import type { Toolbox } from './ports.js';
import { createToolbox, type ToolboxOptions } from './toolbox.js';

const folder = mkdtempSync(join(tmpdir(), 'tiphys-renderers-test-'));
const workFolder = join(folder, 'work');
const binaries = (name: string, fake?: Parameters<typeof installFakeRenderer>[1]): string => {
  const path = join(folder, name);
  mkdirSync(path);
  installFakeRenderer(path, fake);
  return path;
};
const standard = binaries('bin');
const opened: Toolbox[] = [];
afterEach(() => {
  for (const tools of opened.splice(0)) tools.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const { signal } = new AbortController();
/** Node reserves much more addresses than it uses. */
const memoryBytes = 256 * 1024 ** 3;

function toolbox(options: Partial<ToolboxOptions> = {}): Toolbox {
  const tools = createToolbox({ workFolder, searchPath: [standard], parallelism: 4, memoryBytes, ...options });
  opened.push(tools);
  return tools;
}

function run(tools: Toolbox, behaviour: string, given: AbortSignal = signal) {
  const args = ['template', behaviour];
  return tools.withWorkspace([], (workspace) => tools.run({ tool: 'helm', args, workspace }, given), signal);
}
const textOf = async (tools: Toolbox, behaviour: string): Promise<string> =>
  (await run(tools, behaviour)).stdout.trim();

/** Nobody may have collected it yet: a zombie is dead. */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const allDead = (pids: readonly number[]) => expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
const pidsOf = (tools: Toolbox): readonly number[] => tools.renderers().map(({ pid }) => pid);

describe('a renderer', () => {
  it('answers one render after the other', async () => {
    const tools = toolbox();
    const texts = [await textOf(tools, 'render'), await textOf(tools, 'render')];
    const [renderer] = tools.renderers();
    expect(texts).toEqual([`by ${renderer?.pid}`, `by ${renderer?.pid}`]);
    expect(renderer).toMatchObject({ tool: 'helm', renders: 2 });
  });

  it('renders several sources at a time in as many processes', async () => {
    const tools = toolbox({ parallelism: 2 });
    const texts = await Promise.all([1, 2, 3, 4].map(() => textOf(tools, 'render')));
    expect(new Set(texts).size).toBe(2);
  });

  it('S5 gets the folders and the environment of the render, and none of this process', async () => {
    const { request, env } = JSON.parse(await textOf(toolbox(), 'echo')) as {
      readonly request: { readonly folder: string; readonly base: string; readonly env: Record<string, string> };
      readonly env: Record<string, string>;
    };
    const names = ['GOGC', 'GOMAXPROCS', 'GOMEMLIMIT', 'HOME', 'HTTPS_PROXY', 'HTTP_PROXY', 'KUBECONFIG', 'LANG'];
    expect(Object.keys(env).sort()).toEqual([...names, 'PATH', 'TMPDIR']);
    expect(Object.keys(request.env).sort()).toEqual(Object.keys(env).sort());
    expect([request.folder, request.env['HOME'], request.env['TMPDIR']]).toEqual(
      ['files', 'home', 'tmp'].map((name) => join(request.base, name)),
    );
    expect(env['HOME']).toBe('/nonexistent');
  });

  it('fails as the command line does', async () => {
    await expect(run(toolbox(), 'fail')).rejects.toThrow(/^helm failed with exit code 1. It said: Error: no luck$/);
  });

  it('is not asked for the version, and not used when that is not wanted', async () => {
    const runs: string[] = [];
    const tools = toolbox({ renderers: 'unused', onRun: (tool, by) => void runs.push(`${tool} ${by}`) });
    expect([await tools.version('helm'), await textOf(tools, 'render')]).toEqual(['v1', 'by the command line']);
    const used = toolbox({ onRun: (tool, by) => void runs.push(`${tool} ${by}`) });
    await run(used, 'render');
    expect(runs).toEqual(['helm process', 'helm process', 'helm process', 'helm renderer']);
  });
});

describe('the command line does it', () => {
  it.each([
    ['when the arguments are none of the renderer', 'unsupported'],
    ['when the renderer dies twice', 'crash'],
    ['when the renderer answers with nonsense', 'nonsense'],
    ['when the renderer answers with more than it may', 'endless'],
  ])('%s', async (_name, behaviour) => {
    const tools = toolbox();
    expect(await textOf(tools, behaviour)).toBe('by the command line');
    expect(await textOf(tools, 'render')).toMatch(/^by \d+$/);
  });

  it.each([
    ['is of another version', { version: 'v2' }],
    ['ends at once', { before: 'process.exit(1);' }],
    ['says something else', { before: 'process.stdout.write("hello, world");' }],
    ['speaks another protocol', { before: 'process.stdout.write(Buffer.from([0, 0, 0, 14]) + \'{"protocol":2}\');' }],
  ])('when the renderer %s', async (name, fake) => {
    const reports: unknown[] = [];
    const searchPath = [binaries(name.replaceAll(' ', '-'), fake)];
    const tools = toolbox({ searchPath, onRendererStart: (start) => void reports.push(start) });
    expect([await textOf(tools, 'render'), await textOf(tools, 'render')]).toEqual([
      'by the command line',
      'by the command line',
    ]);
    expect(tools.renderers()).toEqual([]);
    const outcome = name === 'is of another version' ? 'otherVersion' : 'failed';
    expect(reports).toEqual([{ tool: 'helm', outcome }]);
  });
});

describe('a renderer is replaced', () => {
  it('after so many renders', async () => {
    const tools = toolbox({ rendersPerProcess: 2 });
    const texts: string[] = [];
    for (const _ of [1, 2, 3, 4, 5]) texts.push(await textOf(tools, 'render'));
    expect([texts[0] === texts[1], texts[2] === texts[3]]).toEqual([true, true]);
    expect(new Set(texts).size).toBe(3);
  });

  it('when it says that it should be', async () => {
    const tools = toolbox();
    const [first, second] = [await textOf(tools, 'last'), await textOf(tools, 'render')];
    expect(first).toMatch(/^by \d+$/);
    expect(second).toMatch(/^by \d+$/);
    expect(second).not.toBe(first);
  });

  it.each([['crashOnce'], ['memoryOnce']])('R9 when it dies in the middle of a render: %s', async (behaviour) => {
    const tools = toolbox();
    const before = await textOf(tools, 'render');
    const after = await textOf(tools, behaviour);
    expect(after).toMatch(/^by \d+$/);
    expect(after).not.toBe(before);
  });

  it('when it was killed while nothing was to do', async () => {
    const tools = toolbox();
    const before = await textOf(tools, 'render');
    const pids = pidsOf(tools);
    process.kill(pids[0]!, 'SIGKILL');
    await allDead(pids);
    expect(await textOf(tools, 'render')).not.toBe(before);
  });
});

describe('limits', () => {
  it('on time: only the process of the slow render is killed', async () => {
    const tools = toolbox({ timeoutMs: 4_000 });
    const slow = run(tools, 'hang').catch((error: Error) => error.message);
    const others: string[] = [];
    for (const _ of [1, 2, 3]) others.push(await textOf(tools, 'render'));
    const pids = pidsOf(tools);
    expect(await slow).toMatch(/helm did not finish within 4 s and was stopped/);
    expect(others.every((text) => /^by \d+$/.test(text))).toBe(true);
    await expect.poll(() => pids.filter(isAlive).length, { timeout: 10_000 }).toBe(1);
    expect(await textOf(tools, 'render')).toBe(others[0]);
  });

  it('on memory: a fresh process that has too little is not tried again', async () => {
    const failing = run(toolbox(), 'memory');
    await expect(failing).rejects.toThrow(/^helm needed more memory than the 262144 MiB that it may have/);
    await expect(failing).rejects.toMatchObject({ code: 'ManifestGeneration' });
  });

  it('on output', async () => {
    const tools = toolbox({ maxOutputBytes: 100_000 });
    await expect(run(tools, 'tooMuch')).rejects.toThrow(/wrote more than 100000 bytes and was stopped/);
    expect(await textOf(tools, 'render')).toMatch(/^by \d+$/);
  });

  it('aborting ends the render and its process', async () => {
    const tools = toolbox();
    const giveUp = new AbortController();
    const hanging = run(tools, 'hang', giveUp.signal);
    const outcome = expect(hanging).rejects.toThrow('gave up');
    await expect.poll(() => pidsOf(tools).length, { timeout: 10_000 }).toBe(1);
    const pids = pidsOf(tools);
    giveUp.abort(new Error('gave up'));
    await outcome;
    await allDead(pids);
    expect(await textOf(tools, 'render')).toMatch(/^by \d+$/);
  });
});

describe('nothing stays', () => {
  it('of a renderer that has nothing to do', async () => {
    const tools = toolbox({ rendererIdleMs: 20 });
    await run(tools, 'render');
    await expect.poll(() => tools.renderers(), { timeout: 10_000 }).toEqual([]);
    expect(await textOf(tools, 'render')).toMatch(/^by \d+$/);
  });

  it('after closing, neither idle nor busy; what comes then is refused', async () => {
    const tools = toolbox();
    await run(tools, 'render');
    const hanging = run(tools, 'hang');
    const outcome = expect(hanging).rejects.toThrow(/The repo-server is stopping/);
    await expect.poll(() => tools.renderers().some(({ renders }) => renders === 1), { timeout: 10_000 }).toBe(true);
    const pids = pidsOf(tools);
    tools.close();
    await outcome;
    await allDead(pids);
    await expect(run(tools, 'render')).rejects.toMatchObject({ code: 'Upstream' });
  });
});
