/** The long-lived processes of helm and kustomize end with the repo-server, however it ends (R9). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import {
  eventually,
  filesOf,
  type GitServer,
  type RepoServer,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRepoServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
let git: GitServer;
let server: RepoServer;
let client: RepoServerClient;
let directory = '';

beforeAll(async () => {
  git = await startGitServer();
});
afterAll(() => git.stop());
beforeEach(async () => {
  directory = temporaryDirectory('renderers');
  // What a killed repo-server leaves in memory is removed by the next one of the same data folder; here there is none.
  const env = { TIPHYS_MEMORY_DIR: directory };
  server = await startRepoServer({ redis: await sharedRedis(), directory, env });
  client = createRepoServerClient({ address: server.address, tls: undefined });
});
afterEach(async () => {
  client.close();
  await server.service.kill();
  removeDirectory(directory);
});

let repositories = 0;
async function kindsOf(files: Parameters<GitServer['createRepository']>[1]): Promise<readonly string[]> {
  repositories += 1;
  const { url } = await git.createRepository(`renderers-${repositories}`, files);
  const { manifests } = await client.generateManifests({
    appName: 'shop',
    project: 'default',
    destinationNamespace: 'shop',
    kubeVersion: '1.34.0',
    cacheMode: 'resolve',
    sources: [{ repository: { url }, applicationSource: { repoURL: url, path: '.' } }],
  });
  return manifests.map(({ json }) => (JSON.parse(json) as { readonly kind: string }).kind).sort();
}

/** Process ids by the name of the program, of the renderers that a process has started; it may have others, such as git. */
function renderersOf(parent: number): ReadonlyMap<number, string> {
  const children = new Map<number, string>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(Number(name));
    if (stat?.parent === parent && isRenderer(Number(name))) children.set(Number(name), stat.program);
  }
  return children;
}

/** Undefined when the process is gone. */
function statOf(pid: number) {
  try {
    const text = readFileSync(join('/proc', String(pid), 'stat'), 'utf8');
    const [, program = '', state = '', parent] = /\((.*)\) (\S) (\d+)/s.exec(text) ?? [];
    return { program, state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

describe('renderers', () => {
  const kustomization = 'resources: [a.yaml]\n';
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

  it.each([
    ['stopped', (running: RepoServer) => running.service.stop()],
    ['killed', (running: RepoServer) => running.service.kill()],
  ] as const)('end when the repo-server is %s', async (_how, end) => {
    expect(await kindsOf({ 'kustomization.yaml': kustomization, 'a.yaml': configMap })).toEqual(['ConfigMap']);
    expect(await kindsOf(filesOf(join(EXAMPLES, 'helm-guestbook')))).toEqual(['Deployment', 'Service']);
    const children = renderersOf(server.service.pid);
    expect([...children.values()].sort()).toEqual(['render-helm', 'render-kustomiz']);
    await end(server);
    const isGone = async () => expect([...children.keys()].filter((pid) => isRenderer(pid))).toEqual([]);
    await eventually(isGone, { description: 'no renderer is left', timeoutMs: 15_000 });
  });

  it('that die do not disturb the repo-server', async () => {
    expect(await kindsOf({ 'kustomization.yaml': kustomization, 'a.yaml': configMap })).toEqual(['ConfigMap']);
    const [pid = 0] = renderersOf(server.service.pid).keys();
    process.kill(pid, 'SIGKILL');
    expect(await kindsOf({ 'kustomization.yaml': kustomization, 'a.yaml': configMap })).toEqual(['ConfigMap']);
    expect(server.service.isRunning()).toBe(true);
  });
});

/** Its number may be somebody else's by now. */
function isRenderer(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.program.startsWith('render-');
}
