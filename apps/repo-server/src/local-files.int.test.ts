/** Files of somebody's own through the running repo-server: rendered alone, within the limits of archives (S12). */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  type Files,
  removeDirectory,
  sharedRedis,
  tarArchive,
  tarGzip,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const directory = temporaryDirectory('local-files');
let server: RunningRepoServer;

const config = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
  const redis = await sharedRedis();
  server = await startRunning({ redis, directory: join(directory, 'server'), tools: dirname(toolPath('helm')) });
});
afterAll(async () => {
  await server?.stop();
  removeDirectory(directory);
});

/** As the api-server asks: nothing may be fetched. */
async function render(
  archive: Uint8Array,
  source: Record<string, string | object> = { path: 'web' },
  checksum = digest(archive),
) {
  const repoURL = 'https://git.example.com/org/repo';
  const answer = await server.client.generateManifests({
    ...{ appName: 'app', project: 'default', permittedSources: ['!*'] },
    sources: [{ repository: { url: repoURL }, applicationSource: { repoURL, ...source } as never }],
    localFiles: { archive, checksum },
  });
  const names = answer.manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
  return { names, sources: answer.sources.map(({ revision, sourceType }) => ({ revision, sourceType })) };
}

describe('local files', () => {
  it.each<[string, Files, string]>([
    ['a directory', { 'web/a.yaml': config('a'), 'other/b.yaml': config('b') }, 'Directory'],
    [
      'a kustomization with a base beside it',
      {
        'web/kustomization.yaml': 'resources: [../base]\n',
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': config('a'),
      },
      'Kustomize',
    ],
    [
      'a chart',
      { 'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', 'web/templates/a.yaml': config('a') },
      'Helm',
    ],
  ])('%s is rendered as if it were in the repository', async (_, files, sourceType) => {
    expect(await render(tarGzip(files))).toEqual({ names: ['a'], sources: [{ revision: 'streamed', sourceType }] });
  });

  it('other files of the same application are other manifests', async () => {
    expect((await render(tarGzip({ 'web/a.yaml': config('one') }))).names).toEqual(['one']);
    expect((await render(tarGzip({ 'web/a.yaml': config('two') }))).names).toEqual(['two']);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no archive', Buffer.from('no archive'), /files that were sent/],
    [
      'a name that climbs',
      gzipSync(tarArchive([{ name: '../out.yaml', content: config('a') }])),
      /files that were sent/,
    ],
    [
      'an absolute name',
      gzipSync(tarArchive([{ name: '/etc/out.yaml', content: config('a') }])),
      /files that were sent|web/,
    ],
    ['a device', gzipSync(tarArchive([{ name: 'web/a.yaml', type: '3' }])), /files that were sent/],
    [
      'a link that leads outside',
      gzipSync(tarArchive([{ name: 'web/a.yaml', type: '2', link: '../../../../etc/passwd' }])),
      /link|outside|files that were sent/,
    ],
    [
      'a bomb',
      gzipSync(tarArchive([{ name: 'web/a.yaml', content: Buffer.alloc(101 * 1024 * 1024) }])),
      /more than|bytes/,
    ],
  ])('%s is refused (S7, S12)', async (_, archive, message) => {
    await expect(render(archive)).rejects.toThrow(message);
  });

  it('another archive than was meant is refused', async () => {
    await expect(
      render(tarGzip({ 'web/a.yaml': config('a') }), { path: 'web' }, digest(Buffer.from('x'))),
    ).rejects.toThrow(/SHA-256/);
  });

  const chart = (more = '') => ({ 'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: 1.0.0\n${more}` });
  const base = 'https://git.example.com/org/secret?ref=main';
  const dependency = '{name: d, version: 1.0.0, repository: "https://charts.example.com"}';
  const refused: readonly { what: string; files: Files; source?: Record<string, object>; message: RegExp }[] = [
    {
      what: 'a remote base',
      files: { 'web/kustomization.yaml': `resources: ["${base}"]\n` },
      message: /git.example.com|remote/,
    },
    {
      what: 'a dependency',
      files: chart(`dependencies: [${dependency}]\n`),
      message: /charts.example.com|not permitted/,
    },
    {
      ...{ what: 'values by URL', files: chart(), message: /example.com/ },
      source: { helm: { valueFiles: ['https://example.com/v.yaml'] } },
    },
    {
      ...{ what: 'a plugin', files: { 'web/a.yaml': config('a') }, source: { plugin: { name: 'mine' } } },
      message: /not run on files that were sent/,
    },
  ];

  it.each(refused)('$what is not fetched or run for them (S10, S26)', async ({ files, source = {}, message }) => {
    await expect(render(tarGzip(files), { path: 'web', ...source })).rejects.toThrow(message);
  });
});
