/** OCI sources through the running repo-server and a real registry (B27, B28): revisions, paths, limits, and what is refused. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RepoServerClient } from '@tiphys/proto';
import {
  type Files,
  type GitServer,
  type PushedArtifact,
  type Registry,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRegistry,
  type TarMember,
  tarArchive,
  tarGzip,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from '../testing/running.js';

const helm = toolPath('helm');
const work = temporaryDirectory('repo-server-artifacts');
let registry: Registry;
let git: GitServer;
let server: RunningRepoServer;
let client: RepoServerClient;

beforeAll(async () => {
  server = await startRunning({ redis: await sharedRedis(), directory: work, tools: dirname(helm) });
  client = server.client;
  [registry, git] = await Promise.all([startRegistry(), startGitServer()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), registry.stop(), git.stop()]);
  removeDirectory(work);
});

const configMap = (name: string, text = 'x'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {text: ${text}}\n`;
const urlOf = (name: string): string => `oci://${registry.host}/${name}`;
const push = (name: string, tag: string, files: Files): Promise<string> =>
  registry.pushArtifact({ name, tag, layers: [{ bytes: tarGzip(files) }] });

interface Wish {
  readonly source?: object;
  readonly revision?: string;
  readonly settings?: object;
  readonly cacheMode?: string;
}

const repositoryOf = (name: string) => ({ url: urlOf(name), type: 'oci', insecureOciForceHttp: true });

async function generate(
  name: string,
  { source = {}, revision = 'latest', settings, cacheMode = 'resolve' }: Wish = {},
) {
  const answer = await client.generateManifests({
    appName: 'app',
    destinationNamespace: 'ns',
    sources: [
      {
        repository: repositoryOf(name),
        applicationSource: { repoURL: urlOf(name), path: '.', targetRevision: revision, ...source },
      },
    ],
    cacheMode,
    ...(settings === undefined ? {} : { settings }),
  });
  const objects = answer.manifests.map(({ json }) => JSON.parse(json) as { metadata: { name: string }; data: object });
  return { names: objects.map(({ metadata }) => metadata.name), objects, source: answer.sources[0] };
}

describe('a folder in a registry (B27)', () => {
  it('is rendered by tag, digest and range, and its digest is the revision', async () => {
    const files = { 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') };
    const first = await push('web', '1.0.0', files);
    const second = await push('web', '1.1.0', { ...files, 'app/c.yaml': configMap('c') });
    await push('web', '2.0.0-rc.1', files);
    const source = { path: 'app' };
    expect(await generate('web', { source, revision: '1.0.0' })).toMatchObject({
      names: ['a'],
      source: { revision: first, sourceType: 'Directory' },
    });
    expect(await generate('web', { source, revision: first })).toMatchObject({ names: ['a'] });
    expect(await generate('web', { source, revision: '1.*' })).toMatchObject({
      names: ['a', 'c'],
      source: { revision: second },
    });
    expect(await generate('web', { source, revision: '>=1.0.0, <1.1.0' })).toMatchObject({
      source: { revision: first },
    });
  });

  it('renders nothing again for a new tag or a new layer whose files are the same in its path', async () => {
    const files = { 'app/a.yaml': configMap('moving') };
    await push('moving', 'latest', files);
    expect(await generate('moving', { source: { path: 'app' } })).toMatchObject({ source: { cached: false } });
    const next = await push('moving', 'latest', { ...files, 'docs/b.md': 'text' });
    expect(await generate('moving', { source: { path: 'app' } })).toMatchObject({
      source: { cached: true, revision: next },
    });
    const changed = await push('moving', 'latest', { 'app/a.yaml': configMap('moving', 'new') });
    expect(await generate('moving', { source: { path: 'app' } })).toMatchObject({
      source: { cached: false, revision: changed },
      objects: [{ data: { text: 'new' } }],
    });
  });

  it('may hold kustomizations, links inside of it, and files of long names', async () => {
    const long = `${'deep/'.repeat(30)}x.yaml`;
    const record = `path=${long}\n`;
    const length = record.length + 4;
    const members: TarMember[] = [
      { name: './base/', type: '5' },
      { name: './base/kustomization.yaml', content: 'resources: [cm.yaml]\nnamePrefix: p-\n' },
      { name: './base/cm.yaml', type: '2', link: 'files/cm.yaml' },
      { name: './base/files/cm.yaml', content: configMap('linked') },
      { name: 'pax', type: 'x', content: `${length} ${record}` },
      { name: 'short', content: configMap('far') },
      { name: 'again.yaml', type: '1', link: 'base/files/cm.yaml' },
    ];
    await registry.pushArtifact({ name: 'links', tag: 'v1', layers: [{ bytes: gzipSync(tarArchive(members)) }] });
    const at = (path: string) => generate('links', { source: { path }, revision: 'v1' });
    expect(await at('base')).toMatchObject({ names: ['p-linked'], source: { sourceType: 'Kustomize' } });
    expect(await at('.')).toMatchObject({ names: ['linked'] });
    expect(await at(long.slice(0, long.lastIndexOf('/')))).toMatchObject({ names: ['far'] });
  });

  it('that is a chart is rendered as one', async () => {
    const folder = join(work, 'shop');
    execFileSync(helm, ['create', folder], { env: { HOME: work, PATH: '/usr/bin' }, stdio: 'pipe' });
    execFileSync(helm, ['package', folder, '-d', work], { env: { HOME: work, PATH: '/usr/bin' }, stdio: 'pipe' });
    registry.pushChart(join(work, 'shop-0.1.0.tgz'), 'charts');
    const { source, names } = await generate('charts/shop', { revision: '0.1.0' });
    expect(source).toMatchObject({ sourceType: 'Helm', revision: expect.stringMatching(/^sha256:/) });
    expect(names).toContain('app-shop');
  });

  it('may name remote bases, under the rules of the project (B23)', async () => {
    const base = await git.createRepository('base', {
      'base/kustomization.yaml': 'resources: [cm.yaml]\n',
      'base/cm.yaml': configMap('remote'),
    });
    await push('overlay', 'v1', { 'kustomization.yaml': `namePrefix: p-\nresources: ["${base.url}//base"]\n` });
    const ask = (permittedSources: string[]) =>
      client.generateManifests({
        appName: 'app',
        sources: [
          {
            repository: repositoryOf('overlay'),
            applicationSource: { repoURL: urlOf('overlay'), path: '.', targetRevision: 'v1' },
          },
        ],
        permittedSources,
        gitRepositories: [{ url: base.url }],
      });
    expect((await ask(['*'])).manifests.map(({ json }) => JSON.parse(json).metadata.name)).toEqual(['p-remote']);
    await expect(ask(['!*'])).rejects.toThrow(/does not permit the remote base/);
  });

  it('lends its files to other sources (A05)', async () => {
    await push('lender', 'v1', { 'prod.yaml': 'replicaCount: 7\n' });
    const answer = await client.generateManifests({
      appName: 'app',
      sources: [
        {
          repository: repositoryOf('charts/shop'),
          applicationSource: {
            repoURL: urlOf('charts/shop'),
            path: '.',
            targetRevision: '0.1.0',
            helm: { valueFiles: ['$values/prod.yaml'] },
          },
        },
        {
          repository: repositoryOf('lender'),
          applicationSource: { repoURL: urlOf('lender'), targetRevision: 'v1', ref: 'values' },
        },
      ],
    });
    expect(answer.manifests.some(({ json }) => json.includes('"replicas":7'))).toBe(true);
  });

  it('resolves without rendering, and keeps the tag that was followed', async () => {
    const digest = await push('resolved', '3.1.4', { 'a.yaml': configMap('a') });
    const repository = repositoryOf('resolved');
    expect(await client.resolveRevision({ repository, revision: '~3.1' })).toMatchObject({
      commit: digest,
      ambiguousRevision: `~3.1 (${digest})`,
      ref: '3.1.4',
    });
    await expect(client.resolveRevision({ repository, revision: '9.*' })).rejects.toThrow(
      /has no "9\.\*" of oci:.*but for example 3\.1\.4\. Correct repoURL or targetRevision/,
    );
    await expect(client.resolveRevision({ repository, revision: 'nope' })).rejects.toThrow(/has no "nope"/);
  });
});

describe('metrics (M04)', () => {
  it('count what is asked of registries, and what fails', async () => {
    await push('counted', 'v1', { 'a.yaml': configMap('a') });
    await generate('counted', { revision: 'v1' });
    await expect(generate('counted', { revision: 'v2' })).rejects.toThrow();
    const of = (name: string, type: string) => `argocd_oci_${name}{repo="${urlOf('counted')}"${type}`;
    expect(await server.metric(of('request_total', ',request_type="resolve-revision"'))).toBe(2);
    expect(await server.metric(of('request_total', ',request_type="extract"'))).toBe(1);
    expect(await server.metric(of('resolve_revision_fail_total', ''))).toBe(1);
  });
});

describe('what an OCI source may be (B28)', () => {
  const file = tarGzip({ 'a.yaml': configMap('a') });
  const custom = 'application/vnd.example.content.v1.tar+gzip';
  const refusals: readonly (readonly [string, PushedArtifact['layers'], object, RegExp])[] = [
    ['another media type', [{ bytes: file, mediaType: custom }], {}, /is not permitted\. Add it to reposerver\.oci/],
    ['two layers with files', [{ bytes: file }, { bytes: tarGzip({ 'b.yaml': 'x' }) }], {}, /has 2 layers with files/],
    ['no layer with files', [{ bytes: file, mediaType: 'application/json' }], {}, /has 0 layers with files/],
    [
      'S12 more bytes than permitted',
      [{ bytes: tarGzip({ 'a.yaml': 'x'.repeat(5_000_000) }) }],
      { ociMaxExtractedBytes: 1_000_000n },
      /unpacks to more than 1000000 bytes/,
    ],
    ['something that is no archive', [{ bytes: Buffer.from('hello') }], {}, /is no gzip archive/],
  ];
  it.each(refusals)('%s is refused', async (...[name, layers, settings, message]) => {
    const place = `refused/${name.replace(/\W+/g, '-').toLowerCase()}`;
    await registry.pushArtifact({ name: place, tag: 'latest', layers });
    await expect(generate(place, { settings })).rejects.toThrow(message);
  });

  it('a media type of the setting is accepted, beside layers of other kinds', async () => {
    const layers = [
      { bytes: Buffer.from('{}'), mediaType: 'application/json' },
      { bytes: file, mediaType: custom },
    ];
    await registry.pushArtifact({ name: 'custom', tag: 'latest', layers });
    expect(await generate('custom', { settings: { ociLayerMediaTypes: [custom] } })).toMatchObject({ names: ['a'] });
  });

  const traversals: [string, TarMember][] = [
    ['S7 a path above it', { name: '../evil.yaml', content: configMap('evil') }],
    ['S7 an absolute path', { name: '/etc/evil.yaml', content: configMap('evil') }],
    ['S7 a hard link to a file outside', { name: 'evil.yaml', type: '1', link: '/etc/passwd' }],
    ['S7 a device', { name: 'evil.yaml', type: '3' }],
    ['S7 a file below a file', { name: 'ok.yaml/evil.yaml', content: 'x' }],
  ];
  it.each(traversals)('%s is refused', async (name, member) => {
    const place = `evil/${name.replace(/\W+/g, '-').toLowerCase()}`;
    const bytes = gzipSync(tarArchive([{ name: 'ok.yaml', content: configMap('ok') }, member]));
    await registry.pushArtifact({ name: place, tag: 'latest', layers: [{ bytes }] });
    await expect(generate(place)).rejects.toThrow(/The content of oci:.* has /);
  });

  it.each([
    ['to a file', { name: 'evil.yaml', type: '2', link: '/etc/passwd' }],
    ['to a folder above', { name: 'evil', type: '2', link: '../../..' }],
    ['in a circle', { name: 'evil.yaml', type: '2', link: 'evil.yaml' }],
  ])('S7 a symbolic link %s is never followed', async (name, member) => {
    const place = `linked/${name.replace(/\W+/g, '-').toLowerCase()}`;
    const bytes = gzipSync(tarArchive([{ name: 'ok.yaml', content: configMap('ok') }, member]));
    await registry.pushArtifact({ name: place, tag: 'latest', layers: [{ bytes }] });
    const rendered = await generate(place, { source: { directory: { recurse: true } } }).then(
      ({ names }) => names.join(),
      (error: Error) => error.message,
    );
    expect(rendered).toMatch(/^ok$|symbolic link/);
    expect(rendered).not.toContain('root:');
  });
});
