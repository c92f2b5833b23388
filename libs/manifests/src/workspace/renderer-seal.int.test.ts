/** What a real renderer sees and may use, and that a bad source harms nobody else (S5, S7, R9). */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory, toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { type InstalledTools, installedTools } from '../testing/installed-tools.js';
import type { Toolbox, ToolRun, Workspace } from './ports.js';
import type { ToolboxOptions } from './toolbox.js';

const { signal } = new AbortController();
const opened: InstalledTools[] = [];
const outside = temporaryDirectory('renderer-seal');
afterAll(() => {
  for (const tools of opened) tools.remove();
  removeDirectory(outside);
});

function toolbox(options: Partial<ToolboxOptions> = {}): InstalledTools {
  const tools = installedTools(toolPath('render-helm'), { parallelism: 4, ...options });
  opened.push(tools);
  return tools;
}

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const ENDLESS = `${'{{ range until 10000 }}'.repeat(4)}${'{{ end }}'.repeat(4)}`;

interface Chart {
  readonly template?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Done to the workspace before the run. */
  readonly prepare?: (workspace: Workspace) => void;
}

/** What was printed, or the message. */
function render(tools: Toolbox, { template = CONFIG_MAP, files = {}, flags = [], prepare }: Chart): Promise<string> {
  const contents = {
    'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'chart/templates/all.yaml': template,
    ...files,
  };
  const args: ToolRun['args'] = ['template', '--namespace=ns', ...flags, '--', 'app', 'chart'];
  const rendering = tools.withWorkspace(
    Object.entries(contents).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })),
    async (workspace) => {
      prepare?.(workspace);
      return (await tools.run({ tool: 'helm', args, workspace }, signal)).stdout;
    },
    signal,
  );
  return rendering.catch((error: Error) => error.message);
}

describe('the kernel keeps a renderer from what is not its own, where it can', () => {
  const tools = toolbox({ parallelism: 1 });
  const sealed = async (part: string): Promise<boolean> => {
    await render(tools, {});
    return tools.renderers().some((renderer) => renderer.sealed.includes(part));
  };
  writeFileSync(join(outside, 'values.yaml'), 'secret: hunter2\n');
  const template = `${CONFIG_MAP}data: {s: "{{ .Values.secret }}{{ .Files.Get "link" }}"}`;

  it.each<[string, (workspace: Workspace) => void, readonly string[]]>([
    ['by its path', () => undefined, [`--values=${join(outside, 'values.yaml')}`]],
    [
      'by a link in the chart',
      (workspace) => symlinkSync(join(outside, 'values.yaml'), workspace.path('chart/link')),
      [],
    ],
  ])('S7 a file outside of the workspace, %s', async (_name, prepare, flags) => {
    const isSealed = await sealed('files');
    const text = await render(tools, { template, prepare, flags });
    expect(text).toMatch(isSealed ? /permission denied/ : /hunter2/);
  });

  it.each([
    ['on the same disk', {}],
    ['in memory', { memoryFolder: outside }],
  ])('S7 a file in the workspace of another render, %s', async (_name, options) => {
    const tools = toolbox(options);
    await render(tools, {});
    const isSealed = await sealed('files');
    const files = [{ path: 'values.yaml', bytes: new TextEncoder().encode('secret: hunter2\n') }];
    const text = await tools.withWorkspace(
      files,
      (other) => render(tools, { template, flags: [`--values=${other.path('values.yaml')}`] }),
      signal,
    );
    expect(text).toMatch(isSealed ? /permission denied/ : /hunter2/);
  });

  it('S5 connections', async () => {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const isSealed = await sealed('network');
    const { port } = server.address() as AddressInfo;
    const schema = JSON.stringify({ $ref: `http://127.0.0.1:${port}/schema.json` });
    const text = await render(tools, { files: { 'chart/values.schema.json': schema, 'chart/values.yaml': 'a: 1\n' } });
    await new Promise((resolve) => server.close(resolve));
    expect([requests, /connection refused/.test(text)]).toEqual(isSealed ? [[], true] : [['/schema.json'], false]);
  });

  it('S5 the environment of this process, whatever the kernel can do', async () => {
    await render(tools, {});
    const [renderer] = tools.renderers();
    const environment = readFileSync(`/proc/${renderer?.pid}/environ`, 'utf8').split('\0');
    const names = environment.flatMap((line) => line.split('=')[0] || []).sort();
    const expected = ['GOGC', 'GOMAXPROCS', 'GOMEMLIMIT', 'HOME', 'HTTPS_PROXY', 'HTTP_PROXY', 'KUBECONFIG', 'LANG'];
    expect(names).toEqual([...expected, 'PATH', 'TMPDIR']);
  });
});

describe('a bad source harms nobody else', () => {
  it('S6 a chart that wants too much memory is told so; others are rendered meanwhile and afterwards', async () => {
    const tools = toolbox({ memoryBytes: 256 * 1024 * 1024 });
    const hog = `{{ $s := "xxxxxxxx" }}{{ range until 40 }}{{ $s = cat $s $s }}{{ end }}${CONFIG_MAP}`;
    const hogging = render(tools, { template: hog });
    for (const _ of [1, 2, 3]) expect(await render(tools, {})).toContain('ConfigMap');
    expect(await hogging).toMatch(/^helm needed more memory than the 256 MiB that it may have/);
    expect(await render(tools, {})).toContain('ConfigMap');
  });

  it('S6 an endless chart is stopped; others are rendered meanwhile and afterwards', async () => {
    const tools = toolbox({ timeoutMs: 8_000 });
    const stuck = render(tools, { template: ENDLESS });
    for (const _ of [1, 2, 3]) expect(await render(tools, {})).toContain('ConfigMap');
    expect(await stuck).toMatch(/^helm did not finish within 8 s and was stopped/);
    expect(await render(tools, {})).toContain('ConfigMap');
  });

  it('S6 a chart that prints too much is told so', async () => {
    const tools = toolbox({ maxOutputBytes: 100_000 });
    const text = await render(tools, { template: `${CONFIG_MAP}data: {x: "{{ repeat 100000 "x" }}"}` });
    expect(text).toMatch(/^helm wrote more than 100000 bytes and was stopped/);
  });

  it('R9 a renderer that is killed in the middle of a render is replaced', async () => {
    const tools = toolbox();
    const slow = `${'{{ range until 2000 }}'.repeat(2)}${'{{ end }}'.repeat(2)}${CONFIG_MAP}`;
    const rendering = render(tools, { template: slow });
    await expect.poll(() => tools.renderers().length, { timeout: 30_000, interval: 1 }).toBe(1);
    const [first] = tools.renderers();
    process.kill(first?.pid ?? 0, 'SIGKILL');
    expect(await rendering).toContain('ConfigMap');
    const pids = () => tools.renderers().map(({ pid }) => pid);
    await expect.poll(pids, { timeout: 30_000 }).not.toContain(first?.pid);
  });
});

it('no workspace is left behind', () => expect(opened.flatMap((tools) => tools.leftovers())).toEqual([]));
