import type { ApplicationCondition, ApplicationStatus } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, managedResource, NOW, SHA_A, SHA_B, stored } from '../testing/builders.js';
import { recordingEvents } from '../testing/recording-ports.js';
import { driftConditions, reportDrift, reportStatusChange } from './report.js';

const status = (sync: 'Synced' | 'OutOfSync', health: 'Healthy' | 'Degraded', ...conditions: ApplicationCondition[]) =>
  ({ sync: { status: sync }, health: { status: health }, conditions }) as const;
const updated = (message: string) => ({ type: 'Normal', reason: 'ResourceUpdated', message });
const REFUSED = { type: 'ComparisonError', message: 'values.yaml: not YAML', lastTransitionTime: NOW } as const;

describe('Events of a status change (F35)', () => {
  it.each<{ name: string; before: ApplicationStatus; after: ApplicationStatus; events: readonly object[] }>([
    {
      name: 'the first status has no predecessor',
      before: {},
      after: status('Synced', 'Healthy'),
      events: [updated('Updated sync status: Synced; Updated health status: Healthy')],
    },
    {
      name: 'one Event for both changes',
      before: status('Synced', 'Healthy'),
      after: status('OutOfSync', 'Degraded'),
      events: [updated('Updated sync status: Synced -> OutOfSync; Updated health status: Healthy -> Degraded')],
    },
    {
      name: 'nothing new, no Event',
      before: status('Synced', 'Healthy'),
      after: status('Synced', 'Healthy'),
      events: [],
    },
    {
      name: 'a new condition is a warning',
      before: status('Synced', 'Healthy'),
      after: status('Synced', 'Healthy', REFUSED),
      events: [{ type: 'Warning', reason: 'ComparisonError', message: REFUSED.message }],
    },
    {
      name: 'a condition that holds on is not told again',
      before: status('Synced', 'Healthy', REFUSED),
      after: status('Synced', 'Healthy', { ...REFUSED, lastTransitionTime: '2026-02-02T00:00:00Z' }),
      events: [],
    },
    {
      name: 'a condition that went away is no Event',
      before: status('Synced', 'Healthy', REFUSED),
      after: status('Synced', 'Healthy'),
      events: [],
    },
  ])('$name', ({ before, after, events }) => {
    const recorder = recordingEvents();
    reportStatusChange(recorder, application({ status: before }), application({ status: after }));
    expect(recorder.recorded).toEqual(events);
  });
});

describe('Events of drift (design 1.7)', () => {
  const drift = { manager: 'kubectl-edit', operation: 'Update', time: NOW, fields: ['data.k', 'data.l'] } as const;
  const object = configMap('a');
  const diff = { ...managedResource(object).diff, drift: [drift] };
  const drifted = managedResource(object, { live: stored(object), diff });

  it.each([
    {
      name: 'name the manager, the time and the fields',
      resource: drifted,
      messages: [`ConfigMap web/a: data.k, data.l changed by kubectl-edit (Update) at ${NOW}; reverting to Git`],
    },
    {
      name: 'do without a time and a namespace where there is none',
      resource: {
        ...drifted,
        key: { ...drifted.key, kind: 'ClusterRole', namespace: '' },
        diff: { ...diff, drift: [{ ...drift, time: undefined }] },
      },
      messages: ['ClusterRole a: data.k, data.l changed by kubectl-edit (Update); reverting to Git'],
    },
    { name: 'are not told of what is in sync', resource: { ...drifted, status: 'Synced' as const }, messages: [] },
    { name: 'are not told of what is missing', resource: { ...drifted, live: undefined }, messages: [] },
  ])('$name', ({ resource, messages }) => {
    const recorder = recordingEvents();
    reportDrift(recorder, application(), { resources: [resource] });
    expect(recorder.recorded).toEqual(
      messages.map((message) => ({ type: 'Normal', reason: 'DriftDetected', message })),
    );
  });

  it.each([
    { name: 'while the deployed commit is compared', revisions: [SHA_A], count: 1 },
    { name: 'not while another commit waits to be deployed', revisions: [SHA_B], count: 0 },
  ])('are conditions where nothing reverts it, $name', ({ revisions, count }) => {
    const history = [{ id: 0, revision: SHA_A, deployedAt: NOW }];
    const conditions = driftConditions(application({ status: { history } }), {
      result: { resources: [drifted] },
      revisions,
    });
    const message = `ConfigMap web/a: data.k, data.l changed by kubectl-edit (Update) at ${NOW}`;
    expect(conditions).toEqual([{ type: 'DriftWarning', message }].slice(0, count));
  });
});
