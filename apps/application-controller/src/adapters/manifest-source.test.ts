import type { RepoServerClient } from '@tiphys/proto';
import { describe, expect, it } from 'vitest';
import type { RenderRequest } from '../ports.js';
import { application, configMap, SHA_A, SHA_B } from '../testing/builders.js';
import { createManifestSource, type ManifestSourceDeps } from './manifest-source.js';

const { signal } = new AbortController();
const SOURCES = [
  { repoURL: 'https://git.test/a.git', path: 'a', targetRevision: 'main' },
  { repoURL: 'https://git.test/b.git', path: 'b', tagPrefix: 'web-' },
];
const REQUEST: RenderRequest = {
  ...{ app: application(), sources: SOURCES, revisions: [SHA_A, undefined], cacheMode: 'resolve', resolvedAfterMs: 5 },
  ...{ kubeVersion: 'v1.36.1', apiVersions: ['v1'] },
};
const ANSWER = {
  manifests: [{ json: JSON.stringify(configMap('a')), origin: 'a/cm.yaml', sourceIndex: 0 }],
  sources: [
    { revision: SHA_A, sourceType: 'Directory' },
    { revision: SHA_B, sourceType: 'Helm' },
  ],
  ...{ manifestHash: 'hash', warnings: ['a duplicate'] },
};

function source(answer: object) {
  const asked: { request: unknown; signal: unknown }[] = [];
  const answering = async (request: unknown, given: unknown) => {
    asked.push({ request, signal: given });
    return answer;
  };
  const client = { generateManifests: answering, resolveRevision: answering } as unknown as RepoServerClient;
  const repositoryFor: ManifestSourceDeps['repositoryFor'] = (url, project) =>
    ({ url, username: `of ${project}` }) as unknown as ReturnType<ManifestSourceDeps['repositoryFor']>;
  const renderInputs = (project: string) =>
    ({ permittedSources: [`of ${project}`] }) as unknown as ReturnType<ManifestSourceDeps['renderInputs']>;
  return { asked, manifests: createManifestSource({ client, repositoryFor, renderInputs }) };
}

describe('manifests of the repo-server', () => {
  it('come with the commits, types, hash and warnings of the render', async () => {
    expect(await source(ANSWER).manifests.generate(REQUEST, signal)).toEqual({
      targets: [{ object: configMap('a'), origin: 'a/cm.yaml', sourceIndex: 0 }],
      ...{
        revisions: [SHA_A, SHA_B],
        sourceTypes: ['Directory', 'Helm'],
        manifestHash: 'hash',
        warnings: ['a duplicate'],
        stale: false,
      },
    });
  });

  it("are asked for with the project's credentials for each source, and can be aborted", async () => {
    const { asked, manifests } = source(ANSWER);
    await manifests.generate(REQUEST, signal);
    expect(asked).toEqual([
      {
        request: {
          ...{ appName: 'guestbook', appNamespace: 'argocd', project: 'default', destinationNamespace: 'web' },
          sources: [
            {
              repository: { url: SOURCES[0]?.repoURL, username: 'of default' },
              ...{ applicationSource: SOURCES[0], revision: SHA_A },
            },
            {
              repository: { url: SOURCES[1]?.repoURL, username: 'of default' },
              ...{ applicationSource: SOURCES[1], revision: '' },
            },
          ],
          ...{ cacheMode: 'resolve', resolvedAfterMs: 5n, permittedSources: ['of default'] },
          ...{ kubeVersion: 'v1.36.1', apiVersions: ['v1'], manifestGeneratePaths: '', gitRepositories: [] },
        },
        signal,
      },
    ]);
  });

  it('are refused when a source is missing in the answer: a part must never look like the whole', async () => {
    const { manifests } = source({ ...ANSWER, sources: ANSWER.sources.slice(1) });
    await expect(manifests.generate(REQUEST, signal)).rejects.toMatchObject({
      code: 'Internal',
      message: expect.stringContaining('answered for 1 of 2 sources'),
    });
  });
});

it.each([
  { name: 'its ref', index: 0, revision: 'main', tagPrefix: '' },
  { name: 'HEAD and its tag prefix', index: 1, revision: 'HEAD', tagPrefix: 'web-' },
])('a source is resolved at the Git host by $name', async ({ index, revision, tagPrefix }) => {
  const { asked, manifests } = source({ commit: SHA_B });
  const chosen = SOURCES[index] ?? { repoURL: '' };
  expect(await manifests.resolveRevision(application(), chosen, signal)).toBe(SHA_B);
  expect(asked[0]?.request).toEqual({
    repository: { url: chosen.repoURL, username: 'of default' },
    ...{ revision, tagPrefix, chart: '', cacheMode: 'resolve' },
  });
});
