import type { RefreshDecision } from '@tiphys/gitops-engine';
import type { ApplicationStatus } from '@tiphys/model';
import { expect, it } from 'vitest';
import { application, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { comparisonRequest } from './comparison-request.js';

type Refresh = Extract<RefreshDecision, { kind: 'refresh' }>;

const SYNCED: ApplicationStatus = { sync: { status: 'Synced', revision: SHA_A } };
const INVALID: ApplicationStatus = { ...SYNCED, conditions: [{ type: 'InvalidSpecError', message: 'no project' }] };

it.each([
  {
    level: 'nothing',
    revision: SHA_A,
    mode: 'normal',
    what: 'the tree alone is of the commit that was compared (C20)',
  },
  { level: 'recent', revision: SHA_A, mode: 'normal', what: 'a live change is compared with the same commit (C21)' },
  {
    level: 'latest',
    revision: undefined,
    mode: 'normal',
    what: 'a new commit is what the ref named a moment ago (C22)',
  },
  {
    level: 'latestForceResolve',
    revision: undefined,
    mode: 'resolve',
    what: 'a person gets the ref resolved anew (C23)',
  },
  {
    level: 'latest',
    refreshType: 'hard',
    revision: undefined,
    mode: 'hard',
    what: 'a hard refresh renders anew (C24)',
  },
  { level: 'recent', refreshType: 'hard', revision: SHA_A, mode: 'hard', what: 'a hard refresh of the same commit' },
  {
    level: 'latestForceResolve',
    sinceMs: 5,
    revision: undefined,
    mode: 'normal',
    what: 'a push names its moment: one look at the host serves all',
  },
  {
    level: 'latestForceResolve',
    sinceMs: 5,
    refreshType: 'hard',
    revision: undefined,
    mode: 'hard',
    what: 'a push does not weaken a hard refresh',
  },
  {
    level: 'recent',
    status: {},
    revision: undefined,
    mode: 'normal',
    what: 'without an earlier commit the ref decides',
  },
  {
    level: 'latest',
    status: INVALID,
    revision: undefined,
    mode: 'resolve',
    what: 'a spec that was refused until now resolves anew',
  },
] as const)('$what', ({ level, revision, mode, ...rest }) => {
  const {
    status = SYNCED,
    refreshType = 'normal',
    sinceMs = 0,
  } = { ...rest } as {
    status?: ApplicationStatus;
    refreshType?: 'normal' | 'hard';
    sinceMs?: number;
  };
  const decision: Refresh = { kind: 'refresh', compareWith: level, refreshType, reason: 'test' };
  const request = comparisonRequest({ app: application({ status }), decision, sinceMs });
  expect({
    revisions: request.revisions,
    cacheMode: request.cacheMode,
    resolvedAfterMs: request.resolvedAfterMs,
  }).toEqual({ revisions: [revision], cacheMode: mode, resolvedAfterMs: sinceMs });
});

it('each of several sources keeps its own commit; one that is new is resolved', () => {
  const { source: _, ...rest } = specOf();
  const repoURL = 'https://git.test/repo.git';
  const sources = [{ repoURL }, { repoURL, path: 'b' }, { repoURL, path: 'new' }];
  const app = application({
    spec: { ...rest, sources },
    status: { sync: { status: 'Synced', revisions: [SHA_A, SHA_B] } },
  });
  const decision: Refresh = { kind: 'refresh', compareWith: 'recent', refreshType: 'normal', reason: 'test' };
  expect(comparisonRequest({ app, decision, sinceMs: 0 })).toMatchObject({
    sources,
    revisions: [SHA_A, SHA_B, undefined],
  });
});
