/** Charts from a real registry and from a Helm repository over HTTP, and renders with dependencies from them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { fakeClock } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  type Registry,
  removeDirectory,
  startRegistry,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveTree, type ChartRepository, createChartClient, createToolbox, planRender } from '../index.js';

const helm = toolPath('helm');
const work = temporaryDirectory('charts');
const env = { HOME: work, PATH: '/usr/bin:/bin' };
const { signal } = new AbortController();
const archives = join(work, 'archives');

function packageChart(name: string, version: string, body = ''): string {
  const folder = join(work, 'sources', `${name}-${version}`, name);
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
  writeFileSync(join(folder, 'values.yaml'), 'a: 1\n');
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  version: "{{ .Chart.Version }}"\n${body}`;
  writeFileSync(join(folder, 'templates/cm.yaml'), manifest);
  mkdirSync(archives, { recursive: true });
  execFileSync(helm, ['package', folder, '-d', archives], { env, stdio: 'pipe' });
  return join(archives, `${name}-${version}.tgz`);
}

interface Host {
  readonly url: string;
  readonly requests: { readonly path: string; readonly authorization: string | undefined; readonly status: number }[];
  /** Answers instead of the files. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly server: Server;
}

/** A plain file server with ETags, as Helm repositories are. */
async function startHost(): Promise<Host> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]!;
    response.on('finish', () =>
      host.requests.push({ path, authorization: request.headers.authorization, status: response.statusCode }),
    );
    if (host.answer?.(request, response) === true) return;
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!readdirSync(archives).includes(name)) return void response.writeHead(404).end();
    const bytes = readFileSync(join(archives, name));
    const etag = `"${bytes.length}-${bytes.subarray(-20).toString('hex')}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { etag }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const host: Host = { url: `http://127.0.0.1:${port}`, requests: [], answer: undefined, server };
  return host;
}

let host: Host;
let other: Host;
let open: Registry;
let closed: Registry;
let clients = 0;
const authority = createCertificateAuthority();
/** robot, with the password secret. */
const HTPASSWD = 'robot:$2b$04$UtMzYmGP0B6gcIimLiIlwOE0hLWu.UxcMzzF3xCsjUkFFaCivrbCO';

const clock = fakeClock(new Date('2026-01-01T00:00:00Z'));
const startClient = (limits = {}) => {
  clients += 1;
  return createChartClient({ folder: join(work, `store-${clients}`), clock, limits, timeoutMs: 3_000 });
};
let client = startClient();

beforeAll(async () => {
  for (const version of ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1', '2.0.0+build.7']) packageChart('demo', version);
  packageChart('dep', '0.3.1');
  execFileSync(helm, ['repo', 'index', archives], { env });
  [host, other, open, closed] = await Promise.all([
    startHost(),
    startHost(),
    startRegistry(),
    startRegistry({ htpasswd: HTPASSWD, tls: authority.issue({ commonName: 'registry', sans: ['127.0.0.1'] }) }),
  ]);
  for (const name of readdirSync(archives).filter((file) => file.startsWith('demo'))) {
    open.pushChart(join(archives, name), 'charts');
  }
});
beforeEach(() => {
  host.requests.length = 0;
  other.requests.length = 0;
  host.answer = undefined;
  other.answer = undefined;
  client = startClient();
});
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
  host.server.closeAllConnections();
  host.server.close();
  other.server.closeAllConnections();
  other.server.close();
  removeDirectory(work);
});

const question = (repository: ChartRepository, version: string, chart = 'demo') => ({ repository, chart, version });
const VERSIONS = [
  ['1.2.0', '1.2.0'],
  ['v1.2.0', '1.2.0'],
  ['1.*', '1.10.0'],
  ['^1.0.0', '1.10.0'],
  ['>=1.0.0, <1.5.0', '1.2.0'],
  ['~1.2', '1.2.0'],
  ['*', '2.0.0+build.7'],
  ['', '2.0.0+build.7'],
  ['>=2.0.0-0', '2.0.0+build.7'],
  ['2.0.0-rc.1', '2.0.0-rc.1'],
] as const;

describe('versions (A09)', () => {
  it.each(VERSIONS)('"%s" is %s in a Helm repository', async (wanted, version) => {
    const found = await client.resolve(question({ url: host.url }, wanted), { signal });
    expect(found).toMatchObject({ version, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it.each(VERSIONS.filter(([wanted]) => !wanted.startsWith('v')))(
    '"%s" is %s in a registry',
    async (wanted, version) => {
      const repository = { url: `oci://${open.host}/charts`, plainHttp: true };
      expect(await client.resolve(question(repository, wanted), { signal })).toMatchObject({ version });
      const { bytes, digest } = await client.fetch(question(repository, wanted), { signal });
      expect(bytes).toEqual(readFileSync(join(archives, `demo-${version}.tgz`)));
      expect(digest).toHaveLength(64);
    },
  );

  it('what is not there is named, with what is', async () => {
    const ask = (version: string, chart?: string) =>
      client.resolve(question({ url: host.url }, version, chart), { signal });
    await expect(ask('9.*')).rejects.toThrow(/has no version of demo that is "9\.\*", but for example/);
    await expect(ask('*', 'nope')).rejects.toThrow(/has no chart "nope"/);
    const registry = { url: `${open.host}/charts`, plainHttp: true };
    await expect(client.resolve(question(registry, '9.9.9'), { signal })).rejects.toThrow(
      /has no chart with the version 9\.9\.9/,
    );
  });
});

describe('what hosts are asked', () => {
  it('an index is kept for a while, then revalidated, and its last good copy stands in while the host is down', async () => {
    const ask = (fresh = false) => client.resolve(question({ url: host.url }, '1.*'), { signal, fresh });
    await ask();
    await ask();
    expect(host.requests.map(({ status }) => status)).toEqual([200]);
    await ask(true);
    clock.advance(61_000);
    await ask();
    expect(host.requests.map(({ status }) => status)).toEqual([200, 304, 304]);
    clock.advance(61_000);
    host.answer = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
    expect(await ask()).toMatchObject({
      version: '1.10.0',
      stale: expect.stringMatching(/answered 503.*The index of 2026-.* is used/),
    });
    const asked = host.requests.length;
    expect(await ask()).toMatchObject({ stale: expect.stringMatching(/answered 503/) });
    expect(host.requests).toHaveLength(asked);
    await expect(ask(true)).rejects.toMatchObject({ code: 'Upstream' });
    expect(host.requests).toHaveLength(asked + 1);
    host.answer = undefined;
    clock.advance(15_000);
    expect(await ask()).not.toHaveProperty('stale');
  });

  it('a webhook makes the index of before too old (J02)', async () => {
    const ask = (notBeforeMs: number) => client.resolve(question({ url: host.url }, '1.*'), { signal, notBeforeMs });
    await ask(0);
    clock.advance(1_000);
    await ask(clock.now().getTime() - 1_000);
    expect(host.requests).toHaveLength(1);
    await ask(clock.now().getTime());
    expect(host.requests).toHaveLength(2);
  });

  it('nobody waits again for a host that hangs: the failure is told at once for a while, also without an older answer', async () => {
    host.answer = () => true;
    const ask = () => client.resolve(question({ url: host.url }, '1.*'), { signal });
    await expect(ask()).rejects.toThrow(/did not answer within 3 s/);
    const asked = host.requests.length;
    await expect(ask()).rejects.toThrow(/did not answer within 3 s/);
    expect(host.requests).toHaveLength(asked);
  });

  it('an archive is downloaded once, also by many callers at the same time', async () => {
    const fetch = () => client.fetch(question({ url: host.url }, '1.2.0'), { signal });
    await Promise.all([fetch(), fetch(), fetch()]);
    await fetch();
    expect(host.requests.filter(({ path }) => path.endsWith('.tgz'))).toHaveLength(1);
  });

  it('an archive that is not what the index names is refused', async () => {
    host.answer = ({ url = '' }, response) => {
      if (url.endsWith('.tgz')) response.writeHead(200).end('something else');
      return url.endsWith('.tgz');
    };
    await expect(client.fetch(question({ url: host.url }, '1.2.0'), { signal })).rejects.toThrow(
      /has the digest \w+, but the index names/,
    );
  });

  it.each([
    ['stay with the repository', false, undefined],
    ['follow with passCredentials (B11)', true, expect.stringMatching(/^Basic /)],
  ])('credentials %s when it redirects elsewhere', async (_name, passCredentials, authorization) => {
    host.answer = ({ url = '' }, response) => {
      if (url.endsWith('.tgz')) response.writeHead(302, { location: `${other.url}${url}` }).end();
      return url.endsWith('.tgz');
    };
    const repository = { url: host.url, username: 'u', password: 'p', passCredentials };
    await client.fetch(question(repository, '1.2.0'), { signal });
    expect(host.requests.every((request) => request.authorization?.startsWith('Basic '))).toBe(true);
    expect(other.requests.map((request) => request.authorization)).toEqual([authorization]);
  });

  it('archives that the index keeps in a registry are fetched there, without the credentials', async () => {
    const index = `entries:\n  demo:\n  - version: 1.2.0\n    urls: ['oci://${open.host}/charts/demo:1.2.0']\n`;
    host.answer = (_request, response) => {
      response.writeHead(200).end(index);
      return true;
    };
    const repository = { url: host.url, username: 'u', password: 'p', plainHttp: true };
    const { bytes, version } = await client.fetch(question(repository, '*'), { signal });
    expect([version, bytes]).toEqual(['1.2.0', readFileSync(join(archives, 'demo-1.2.0.tgz'))]);
  });

  it('a host that limits requests names the time of the next one', async () => {
    host.answer = (_request, response) => {
      response.writeHead(429, { 'retry-after': '17' }).end();
      return true;
    };
    const failing = client.resolve(question({ url: host.url }, '*'), { signal });
    await expect(failing).rejects.toMatchObject({ code: 'Upstream', retry: { afterMs: 17_000 } });
  });

  it('a host that limits requests is left alone until then, and other hosts are not', async () => {
    host.answer = (_request, response) => {
      response.writeHead(429, { 'retry-after': '30' }).end();
      return true;
    };
    const ask = (url: string) => client.resolve(question({ url }, '1.*'), { signal, fresh: true });
    await expect(ask(host.url)).rejects.toThrow(/asked again in 30 s/);
    clock.advance(10_000);
    host.answer = undefined;
    await expect(ask(host.url)).rejects.toMatchObject({ retry: { afterMs: 20_000 } });
    expect(host.requests).toHaveLength(1);
    expect(await ask(other.url)).toMatchObject({ version: '1.10.0' });
    clock.advance(20_000);
    expect(await ask(host.url)).toMatchObject({ version: '1.10.0' });
  });

  it('what a registry said last stands in while it is gone, for charts and folders', async () => {
    const registry = await startRegistry();
    registry.pushChart(join(archives, 'demo-1.2.0.tgz'), 'charts');
    const repository = (path: string) => ({ url: `oci://${registry.host}/${path}`, plainHttp: true });
    const chart = (fresh = false) => client.resolve(question(repository('charts'), '1.*'), { signal, fresh });
    const folder = (fresh = false) =>
      client.artifacts.resolve({ repository: repository('charts/demo'), reference: '1.*' }, { signal, fresh });
    const [knownChart, knownFolder] = [await chart(), await folder()];
    await registry.stop();
    clock.advance(61_000);
    const stale = expect.stringMatching(/refuses connections.*The answer of 2026-.* is used/);
    expect(await chart()).toEqual({ ...knownChart, stale });
    expect(await folder()).toEqual({ ...knownFolder, stale });
    await expect(chart(true)).rejects.toMatchObject({ code: 'Upstream' });
    await expect(folder(true)).rejects.toMatchObject({ code: 'Upstream' });
  });

  it.each([
    ['an endless index', (response: ServerResponse) => void endless(response), /sent more than 1000000 bytes/],
    ['a host that never answers', () => undefined, /did not answer within 3 s/],
    [
      'redirects in circles',
      (response: ServerResponse) => response.writeHead(302, { location: '/index.yaml' }).end(),
      /redirects more than 5 times/,
    ],
    [
      'a redirect to a file',
      (response: ServerResponse) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /no http or https URL/,
    ],
    [
      'a page instead of an index',
      (response: ServerResponse) => response.writeHead(200).end('<html>hello</html>'),
      /is no index of a Helm repository/,
    ],
  ])('S12 %s ends in an error', async (_name, answer, message) => {
    host.answer = (_request, response) => {
      answer(response);
      return true;
    };
    const limited = startClient({ maxIndexBytes: 1_000_000 });
    const started = performance.now();
    await expect(limited.resolve(question({ url: host.url }, '*'), { signal })).rejects.toThrow(message);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

function endless(response: ServerResponse): void {
  response.on('error', () => undefined);
  const write = (): void => {
    if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(write);
    else response.once('drain', write);
  };
  write();
}

describe('a registry with TLS and credentials (G03, G05)', () => {
  const repository = (rest: Partial<ChartRepository>): ChartRepository => ({ url: `${closed.host}/charts`, ...rest });
  const login = { username: 'robot', password: 'secret' };
  it('is used with its CA and credentials, and refuses others', async () => {
    const flags = ['--insecure-skip-tls-verify', '--username', login.username, '--password', login.password];
    closed.pushChart(join(archives, 'demo-1.2.0.tgz'), 'charts', flags);
    const trusting = repository({ ...login, tlsCaData: authority.cert });
    expect(await client.resolve(question(trusting, '1.*'), { signal })).toMatchObject({ version: '1.2.0' });
    await client.test(trusting, signal);
    await expect(client.resolve(question(repository(login), '1.*'), { signal })).rejects.toThrow(/certificate/);
    const stranger = repository({ tlsCaData: authority.cert });
    await expect(client.resolve(question(stranger, '1.*'), { signal })).rejects.toThrow(
      /refuses the list of versions \(401\)/,
    );
    const wrong = repository({ ...login, password: 'no', tlsCaData: authority.cert });
    await expect(client.test(wrong, signal)).rejects.toThrow(/refuses the root of the registry \(401\)/);
  });
});

describe('dependencies of charts in Git (B14)', () => {
  const tools = createToolbox({ workFolder: join(work, 'renders'), searchPath: [dirname(helm)], parallelism: 2 });
  const render = async (files: Readonly<Record<string, string>>, permits?: (url: string) => boolean) => {
    const bytes = Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) }));
    const registry = { url: `oci://${open.host}/charts`, plainHttp: true };
    const charts = {
      client,
      repositories: [{ url: host.url, name: 'stable' }, registry],
      ...(permits === undefined ? {} : { permits }),
    };
    const plan = await planRender({
      tree: archiveTree(bytes, 'c'.repeat(40)),
      source: { repoURL: 'r', path: '.' },
      settings: { maxCombinedManifestBytes: 1e7 },
      application: { name: 'app', project: 'p', destinationNamespace: 'ns', kubeVersion: '', apiVersions: [] },
      tools,
      charts,
      signal,
    });
    const { manifests } = await plan.render(signal);
    return { key: plan.key, versions: manifests.map(({ json }) => JSON.parse(json).data.version) };
  };
  const chart = (repository: string, version: string, name = 'demo'): Readonly<Record<string, string>> => ({
    'Chart.yaml': `apiVersion: v2\nname: top\nversion: 1.0.0\ndependencies:\n  - {name: ${name}, version: '${version}', repository: '${repository}'}\n`,
  });

  it('come from Helm repositories by URL or name, and from registries', async () => {
    expect((await render(chart(host.url, '^1'))).versions).toEqual(['1.10.0']);
    expect((await render(chart('@stable', '1.2.0'))).versions).toEqual(['1.2.0']);
    expect((await render(chart('alias:stable', '*', 'dep'))).versions).toEqual(['0.3.1']);
    expect((await render(chart(`oci://${open.host}/charts`, '1.0.x'))).versions).toEqual(['1.0.0']);
  });

  it('are pinned by Chart.lock, which must fit', async () => {
    const lock = (version: string) => ({
      'Chart.lock': `dependencies:\n- name: demo\n  repository: ${host.url}\n  version: ${version}\n`,
    });
    expect((await render({ ...chart(host.url, '^1'), ...lock('1.2.0') })).versions).toEqual(['1.2.0']);
    await expect(render({ ...chart(host.url, '^1'), ...lock('2.0.0-rc.1') })).rejects.toThrow(
      /Chart\.lock pins demo 2\.0\.0-rc\.1, but .* wants \^1/,
    );
  });

  it('are part of the key by their content', async () => {
    const keys = [
      await render(chart(host.url, '1.2.0')),
      await render(chart(host.url, '1.10.0')),
      await render(chart(`${host.url}/`, '1.2.0')),
    ];
    expect(keys[0]?.key).not.toBe(keys[1]?.key);
  });

  it('S11 are refused from places that the project does not permit', async () => {
    await expect(render(chart(host.url, '*'), () => false)).rejects.toThrow(/which the project does not permit/);
    expect(host.requests).toEqual([]);
  });

  it('packed charts of the repository, in folders and in archives in folders, are seen through', async () => {
    const source = join(work, 'nested');
    mkdirSync(join(source, 'charts/mid/charts'), { recursive: true });
    writeFileSync(join(source, 'Chart.yaml'), 'apiVersion: v2\nname: nested\nversion: 1.0.0\n');
    writeFileSync(join(source, 'charts/mid/Chart.yaml'), 'apiVersion: v2\nname: mid\nversion: 1.0.0\n');
    const inner = packageChart('inner', '1.0.0', '  kube: "{{ .Capabilities.KubeVersion.Version }}"\n');
    const bytes = [
      ...['Chart.yaml', 'charts/mid/Chart.yaml'].map((path) => ({ path, bytes: readFileSync(join(source, path)) })),
      { path: 'charts/mid/charts/inner-1.0.0.tgz', bytes: readFileSync(inner) },
    ];
    const plan = (kubeVersion: string) =>
      planRender({
        tree: archiveTree(bytes, 'c'.repeat(40)),
        source: { repoURL: 'r', path: '.' },
        settings: { maxCombinedManifestBytes: 1e7 },
        application: { name: 'app', project: 'p', destinationNamespace: 'ns', kubeVersion, apiVersions: [] },
        tools,
      });
    const { manifests } = await (await plan('1.31.7')).render(signal);
    expect(manifests.map(({ json }) => JSON.parse(json).data)).toEqual([{ version: '1.0.0', kube: 'v1.31.7' }]);
    expect((await plan('1.31.7')).key).not.toBe((await plan('1.32.0')).key);
  });

  it.each([
    ['S7 outside of the repository', 'file://../../etc', /is not inside the repository/],
    ['S7 an absolute path', 'file:///etc', /is not inside the repository/],
    ['the chart itself', 'file://.', /contains the chart itself/],
    ['an unknown name', '@nobody', /is not known/],
    ['no repository', '', /names no repository/],
    ['another scheme', 'gopher://x/y', /is not known/],
  ])('are refused when they name %s', async (_name, repository, message) => {
    await expect(render(chart(repository, '*'))).rejects.toThrow(message);
  });
});
