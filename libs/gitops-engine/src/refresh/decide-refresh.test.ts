import type { Application, ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { RefreshRequest } from '../compare/types.js';
import { comparedTo } from '../status/build-status.js';
import { decideRefresh, type RefreshLimits } from './decide-refresh.js';
import { mergeRefreshRequests } from './refresh-request.js';

const source: ApplicationSource = { repoURL: 'https://git.example.com/shop', path: 'web', targetRevision: 'main' };
const spec: Application['spec'] = { project: 'default', source, destination: { server: 'https://c', namespace: 'ns' } };
const NOW = new Date('2026-01-01T12:00:00Z');

interface Change {
  readonly spec?: Partial<Application['spec']>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: Application['status'];
}

function app(change: Change = {}): Application {
  const annotations = change.annotations === undefined ? {} : { annotations: change.annotations };
  const compared = {
    sync: { status: 'Synced', comparedTo: comparedTo(spec) },
    reconciledAt: '2026-01-01T11:00:00Z',
  } as const;
  const status = 'status' in change ? change.status : compared;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', ...annotations },
    spec: { ...spec, ...change.spec },
    ...(status === undefined ? {} : { status }),
  };
}

interface Row {
  readonly name: string;
  readonly change?: Change;
  readonly requested?: RefreshRequest;
  readonly limits?: RefreshLimits;
  /** `level/type` of a refresh, or `skip <ms>`. */
  readonly decides: string;
}

const rows: readonly Row[] = [
  { name: 'nothing asked and nothing changed is left alone', decides: 'skip Infinity' },
  {
    name: 'an application without status is compared with the newest revision',
    change: { status: undefined },
    decides: 'latestForceResolve/normal',
  },
  {
    name: 'a request passes with its own strength (C20)',
    requested: { compareWith: 'nothing', refreshType: 'normal' },
    decides: 'nothing/normal',
  },
  {
    name: 'an event on a managed resource compares with the recent revision (C21)',
    requested: { compareWith: 'recent', refreshType: 'normal' },
    decides: 'recent/normal',
  },
  {
    name: 'the refresh annotation resolves anew (C23)',
    change: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } },
    decides: 'latestForceResolve/normal',
  },
  {
    name: 'refresh=hard bypasses the caches (C24)',
    change: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } },
    requested: { compareWith: 'recent', refreshType: 'normal' },
    decides: 'latestForceResolve/hard',
  },
  {
    name: 'a soft request does not weaken a hard one (maximum of each field)',
    requested: { compareWith: 'recent', refreshType: 'hard' },
    change: { spec: { destination: { server: 'https://other', namespace: 'ns' } } },
    decides: 'latest/hard',
  },
  {
    name: 'another source resolves anew (C23)',
    change: { spec: { source: { ...source, targetRevision: 'v2' } } },
    decides: 'latestForceResolve/normal',
  },
  {
    name: 'a change from one source to several resolves anew',
    change: { spec: { source, sources: [source] } },
    decides: 'latestForceResolve/normal',
  },
  {
    name: 'another destination compares with the newest revision (C22)',
    change: { spec: { destination: { server: 'https://c', namespace: 'elsewhere' } } },
    decides: 'latest/normal',
  },
  {
    name: 'other ignoreDifferences compare with the newest revision (C22)',
    change: { spec: { ignoreDifferences: [{ kind: 'Deployment', jsonPointers: ['/spec/replicas'] }] } },
    decides: 'latest/normal',
  },
  {
    name: 'an empty list of ignoreDifferences is none',
    change: { spec: { ignoreDifferences: [] } },
    decides: 'skip Infinity',
  },
  {
    name: 'an expired soft limit compares with the newest revision',
    limits: { softRefreshAfterMs: 60 * 60_000 },
    decides: 'latest/normal',
  },
  {
    name: 'a soft limit not yet due says when to look again',
    limits: { softRefreshAfterMs: 61 * 60_000 },
    decides: 'skip 60000',
  },
  {
    name: 'an expired hard limit refreshes hard (C24)',
    limits: { hardRefreshAfterMs: 1_000 },
    decides: 'latestForceResolve/hard',
  },
  {
    name: 'a hard refresh that the caller remembers counts from there',
    limits: { hardRefreshAfterMs: 30_000, lastHardRefreshedAt: new Date('2026-01-01T11:59:50Z') },
    decides: 'skip 20000',
  },
  { name: 'a limit of 0 is off', limits: { hardRefreshAfterMs: 0, softRefreshAfterMs: 0 }, decides: 'skip Infinity' },
  {
    name: 'skip-reconcile wins over everything (A25)',
    change: {
      annotations: { 'argocd.argoproj.io/skip-reconcile': 'true', 'argocd.argoproj.io/refresh': 'hard' },
      status: undefined,
    },
    requested: { compareWith: 'latest', refreshType: 'hard' },
    decides: 'skip Infinity',
  },
];

describe('whether to refresh', () => {
  it.each(rows)('$name', ({ change, requested, limits = {}, decides }) => {
    const decision = decideRefresh(app(change), requested, limits, NOW);
    const said =
      decision.kind === 'skip' ? `skip ${decision.checkAfterMs}` : `${decision.compareWith}/${decision.refreshType}`;
    expect(said).toBe(decides);
  });

  it('accepts what Argo CD wrote into comparedTo', () => {
    const written = { ...comparedTo(spec), destination: { ...spec.destination, name: '' } };
    const adopted = app({ status: { sync: { status: 'Synced', comparedTo: written } } });
    expect(decideRefresh(adopted, undefined, {}, NOW).kind).toBe('skip');
  });

  it('merges requests by the maximum of each field', () => {
    const soft = { compareWith: 'latestForceResolve', refreshType: 'normal' } as const;
    const hard = { compareWith: 'recent', refreshType: 'hard' } as const;
    expect(mergeRefreshRequests(soft, hard)).toEqual({ compareWith: 'latestForceResolve', refreshType: 'hard' });
    expect(mergeRefreshRequests(hard, soft)).toEqual(mergeRefreshRequests(soft, hard));
  });
});
