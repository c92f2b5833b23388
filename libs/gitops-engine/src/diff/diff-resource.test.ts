import type { JsonObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { type DiffOptions, diffResource } from './diff-resource.js';
import {
  applied,
  both,
  by,
  container,
  f,
  itJudges,
  LAST_APPLIED,
  leaf,
  OPTIONS,
  object,
  pod,
  podFields,
  type Row,
  TRACKING,
} from './testing/cases.js';

const clientSide = (target: JsonObject, lastApplied: JsonObject, live: JsonObject) => {
  const text = JSON.stringify(object('apps/v1 Deployment', lastApplied));
  return {
    target: object('apps/v1 Deployment', { ...target, metadata: { annotations: TRACKING } }),
    live: object('apps/v1 Deployment', { ...live, metadata: { annotations: { ...TRACKING, [LAST_APPLIED]: text } } }, [
      // A client-side apply owns defaulted fields as well.
      { ...by('argocd-controller', f({ spec: f({ replicas: leaf, paused: leaf, revisionHistoryLimit: leaf }) })) },
    ]),
  };
};

const ADOPTION: readonly Row[] = [
  {
    name: 'what Argo CD applied client-side, with defaults, is equal',
    ...clientSide(
      { spec: { paused: true } },
      { spec: { paused: true } },
      { spec: { paused: true, replicas: 1, revisionHistoryLimit: 10 } },
    ),
    verdict: 'equal',
  },
  {
    name: 'what Argo CD applied server-side is equal',
    ...both('apps/v1 Deployment', {
      target: { metadata: { annotations: TRACKING }, spec: { paused: true } },
      live: { metadata: { annotations: TRACKING }, spec: { paused: true, replicas: 1 } },
      fields: [
        applied(
          f({ metadata: f({ annotations: f({ 'argocd.argoproj.io/tracking-id': leaf }) }), spec: f({ paused: leaf }) }),
        ),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'a field that only the last-applied annotation has is to be removed',
    ...clientSide(
      { spec: { paused: true } },
      { spec: { paused: true, minReadySeconds: 9 } },
      { spec: { paused: true, minReadySeconds: 9 } },
    ),
    verdict: 'different',
    paths: ['spec.minReadySeconds'],
  },
  {
    name: 'a removed field that has its default anyway is equal',
    ...clientSide(
      { spec: { paused: true } },
      { spec: { paused: true, replicas: 1 } },
      { spec: { paused: true, replicas: 1 } },
    ),
    verdict: 'equal',
  },
  {
    name: 'a field that a client-side apply set and a scaler changed differs',
    ...clientSide({ spec: { replicas: 2 } }, { spec: { replicas: 2 } }, { spec: { replicas: 5 } }),
    verdict: 'different',
    paths: ['spec.replicas'],
  },
  {
    name: 'replicas that Git does not set are the autoscaler’s',
    ...clientSide({ spec: { paused: true } }, { spec: { paused: true } }, { spec: { paused: true, replicas: 9 } }),
    verdict: 'equal',
  },
  {
    name: 'a missing tracking id is written',
    ...both('v1 ConfigMap', { target: { metadata: { annotations: TRACKING } }, live: {} }),
    verdict: 'different',
    paths: ['metadata.annotations'],
  },
  {
    name: 'a tracking id of another application is written over',
    ...both('v1 ConfigMap', {
      target: { metadata: { annotations: TRACKING } },
      live: { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'other:apps/Deployment:ns/web' } } },
    }),
    verdict: 'different',
    paths: ['metadata.annotations["argocd.argoproj.io/tracking-id"]'],
  },
  {
    name: 'a last-applied annotation that is cut off is no evidence',
    ...both('v1 ConfigMap', {
      target: { data: { a: '1' } },
      live: { metadata: { annotations: { [LAST_APPLIED]: '{"data":' } }, data: { a: '1', b: '2' } },
    }),
    verdict: 'equal',
  },
];

describe('adoption of what Argo CD applied', () => {
  itJudges(ADOPTION);
});

describe('diffResource', () => {
  it('calls a missing side different and nothing at all equal', () => {
    const one = object('v1 ConfigMap', { data: { a: '1' } });
    expect(diffResource(one, undefined, OPTIONS)).toMatchObject({ verdict: 'different', normalizedLive: undefined });
    expect(diffResource(undefined, one, OPTIONS)).toMatchObject({ verdict: 'different', predictedLive: undefined });
    expect(diffResource(undefined, undefined, OPTIONS).verdict).toBe('equal');
  });

  it('names the manager that owns a changed field now, newest first, and not ourselves (design 1.7)', () => {
    const target = object('apps/v1 Deployment', { spec: { replicas: 1, paused: false, minReadySeconds: 4 } });
    const live = object('apps/v1 Deployment', { spec: { replicas: 4, paused: true, minReadySeconds: 3 } }, [
      applied(f({ spec: f({ minReadySeconds: leaf }) })),
      by('kubectl-scale', f({ spec: f({ replicas: leaf }) }), '2026-02-02T00:00:00Z'),
      by('kubectl-edit', f({ spec: f({ paused: leaf }) }), '2026-03-03T00:00:00Z'),
    ]);
    expect(diffResource(target, live, OPTIONS).drift).toEqual([
      { manager: 'kubectl-edit', operation: 'Update', time: '2026-03-03T00:00:00Z', fields: ['spec.paused'] },
      { manager: 'kubectl-scale', operation: 'Update', time: '2026-02-02T00:00:00Z', fields: ['spec.replicas'] },
    ]);
  });

  it('shows the live object with the target laid over it', () => {
    const target = object('apps/v1 Deployment', pod({ containers: [{ name: 'app', image: 'a:2' }] }));
    const live = object(
      'apps/v1 Deployment',
      pod({
        dnsPolicy: 'ClusterFirst',
        containers: [{ name: 'app', image: 'a:1', tty: true }, { name: 'log' }, { name: 'mesh' }],
      }),
      [
        applied(podFields(f({ containers: { ...container('app', { image: leaf }), ...container('log') } }))),
        by('mesh', podFields(f({ containers: container('mesh') }))),
      ],
    );
    expect(diffResource(target, live, OPTIONS).predictedLive).toMatchObject(
      pod({ dnsPolicy: 'ClusterFirst', containers: [{ name: 'app', image: 'a:2', tty: true }, { name: 'mesh' }] }),
    );
  });
});

describe('diffResource with the answer of a dry run', () => {
  const fields = [applied(f({ spec: f({ paused: leaf, replicas: leaf }) }))];
  const target = object('apps/v1 Deployment', { spec: { paused: true } });
  const live = object('apps/v1 Deployment', { spec: { paused: true, replicas: 3 } }, fields);
  const answer = (body: JsonObject, entry = applied(f({ spec: f({ paused: leaf }) }))) => ({
    object: object('apps/v1 Deployment', body, [entry]),
  });
  const decide = (predicted: DiffOptions['predicted'], more: Partial<DiffOptions> = {}) =>
    diffResource(target, live, { ...OPTIONS, ...more, ...(predicted && { predicted }) });

  it('is equal when the API server would change nothing', () => {
    expect(decide(answer({ spec: { paused: true, replicas: 3 } }))).toMatchObject({
      verdict: 'equal',
      unsureBecause: [],
    });
  });
  it('is different, with the value to come, when it would change a field of ours', () => {
    const result = decide(answer({ spec: { paused: true, replicas: 1 } }));
    expect(result).toMatchObject({
      verdict: 'different',
      differences: [{ path: 'spec.replicas', target: 1, live: 3 }],
    });
  });
  it('leaves out what a mutating webhook would change, unless asked to keep it (C04)', () => {
    const mutated = answer({ spec: { paused: true, replicas: 3, strategy: { type: 'Recreate' } } });
    expect(decide(mutated).verdict).toBe('equal');
    expect(decide(mutated, { keepWebhookChanges: true }).verdict).toBe('different');
  });
  it('is different when the API server refuses, with what differs in process', () => {
    const result = decide({ object: undefined, error: 'immutable' });
    expect(result).toMatchObject({ verdict: 'different', differences: [{ path: 'spec.replicas' }] });
  });
  it('leaves ignored fields out of the answer, too', () => {
    const ignoreDifferences = [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }];
    expect(decide(answer({ spec: { paused: true, replicas: 1 } }), { ignoreDifferences }).verdict).toBe('equal');
  });
  it('is always asked for with ServerSideDiff=true (C03)', () => {
    const same = object('v1 ConfigMap', { data: { a: '1' } });
    expect(diffResource(same, same, { ...OPTIONS, alwaysAsk: true }).verdict).toBe('unsure');
    expect(diffResource(same, same, { ...OPTIONS, alwaysAsk: true, predicted: { object: same } }).verdict).toBe(
      'equal',
    );
  });
});
