/** Payloads of every provider, changed at random: a list of pushes or a clear refusal, never anything else (S13). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRepositoryIndex } from '../../applications/repository-index.js';
import { applicationEntry, createApplicationStore } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import {
  azureDevOpsPush,
  bitbucketCloudPush,
  bitbucketServerPush,
  gitHubPush,
  gitLabPush,
  type Payload,
} from './payloads.js';
import { affectedApplications, type Push } from './push.js';

const REPO = 'https://git.example.org/team/shop.git';
const commits = [{ added: ['web/a.yaml'], modified: [], removed: ['old.yaml'] }];
const PROVIDERS: readonly (readonly [string, (payload: Payload) => readonly Push[], Payload])[] = [
  [
    'GitHub, Gitea and Gogs',
    gitHubPush,
    { ref: 'refs/heads/main', repository: { html_url: REPO, default_branch: 'main' }, commits },
  ],
  [
    'GitLab',
    gitLabPush,
    { ref: 'refs/heads/main', project: { web_url: REPO, default_branch: 'main' }, commits, total_commits_count: 1 },
  ],
  [
    'Bitbucket Cloud',
    bitbucketCloudPush,
    {
      repository: { links: { html: { href: REPO } } },
      push: { changes: [{ new: { type: 'branch', name: 'main' }, old: { type: 'tag', name: 'v1' } }] },
    },
  ],
  [
    'Bitbucket Server',
    bitbucketServerPush,
    { repository: { links: { clone: [{ href: REPO }] } }, changes: [{ ref: { id: 'refs/heads/main' } }] },
  ],
  [
    'Azure DevOps',
    azureDevOpsPush,
    {
      eventType: 'git.push',
      resource: {
        repository: { remoteUrl: REPO, defaultBranch: 'refs/heads/main' },
        refUpdates: [{ name: 'refs/heads/main' }],
      },
    },
  ],
];

type Path = readonly string[];

function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, child]) => pathsIn(child, [...path, name]))];
}

/** The payload with the value at a path replaced. */
function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return by;
  const changed = Object.entries(value as object).map(([key, child]) => [
    key,
    key === name ? replaced(child, rest, by) : child,
  ]);
  return Array.isArray(value) ? changed.map(([, child]) => child) : Object.fromEntries(changed);
}

const hostile = fc.constantFrom<unknown>(
  ...[
    '',
    '\0',
    '../../etc',
    '__proto__',
    'https://[',
    'git@',
    '://',
    '%',
    `${'a'.repeat(5_000)}`,
    'refs/heads/',
    'x\ny',
  ],
  ...[null, [], {}, [null], [[]], -0, 1e308, true],
);
const mutations = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.jsonValue(), hostile)), { minLength: 1, maxLength: 4 });

const store = createApplicationStore();
store.put(
  applicationEntry({
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name: 'web', namespace: 'argocd', resourceVersion: '1' },
    spec: { project: 'default', destination: {}, source: { repoURL: REPO, path: 'web', targetRevision: 'main' } },
  }),
);
const index = createRepositoryIndex(store);

const isRecord = (value: unknown): value is Payload =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

describe.each(PROVIDERS)('S13 %s', (_name, parse, payload) => {
  it('the payload as it is names the application', () => {
    const [push] = parse(payload);
    expect(affectedApplications(push!, index.find(push!.repositoryUrls), 0)).toMatchObject([{ key: 'argocd/web' }]);
  });

  it('any other payload is pushes of texts, or is refused as malformed', () => {
    const refused: unknown[] = [];
    const property = fc.property(mutations, (changes) => {
      const changed = changes.reduce<unknown>((value, [at, by]) => {
        const paths = pathsIn(value);
        return replaced(value, paths[at % paths.length] ?? [], by);
      }, payload);
      if (!isRecord(changed)) return;
      try {
        for (const push of parse(changed)) {
          const texts = [push.ref, ...push.repositoryUrls, ...(push.changedFiles ?? [])];
          expect(texts.every((text) => typeof text === 'string')).toBe(true);
          affectedApplications(push, index.find(push.repositoryUrls), 0);
        }
      } catch (error) {
        if (!(error instanceof ApiError) || error.kind !== 'invalidArgument') throw error;
        refused.push(error);
      }
    });
    fc.assert(property, { numRuns: 5_000, seed: 20_260_101 });
    expect(refused.length).toBeGreaterThan(100);
  });
});
