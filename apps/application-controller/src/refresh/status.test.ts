import { ANNOTATIONS, type Application, type ApplicationStatus, GitOpsError } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { RenderedManifests } from '../ports.js';
import { application, NOW, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { applyMergePatch } from '../testing/memory-applications.js';
import { failedStatus, invalidStatus, patchOf, sameStatusAt } from './status.js';

const now = new Date(NOW);
const LONG_AGO = '2025-01-01T00:00:00Z';
const { source, destination } = specOf();
const KNOWN: ApplicationStatus = {
  sync: { status: 'Synced', revision: SHA_A, comparedTo: { source: source ?? { repoURL: '' }, destination } },
  health: { status: 'Healthy', lastTransitionTime: LONG_AGO },
  resources: [{ kind: 'ConfigMap', name: 'a', status: 'Synced' }],
  history: [{ id: 0, revision: SHA_A, deployedAt: LONG_AGO }],
  reconciledAt: LONG_AGO,
};
const rendered = (...revisions: string[]): RenderedManifests => ({
  ...{ targets: [], sourceTypes: [], manifestHash: 'h', warnings: [], revisions },
});

describe('patchOf', () => {
  const asked = application({
    metadata: { annotations: { [ANNOTATIONS.refresh]: 'normal', keep: 'x' } },
    status: KNOWN,
  });

  it('nothing differs: nothing is written (design 4.4)', () => {
    const app = application({ status: KNOWN });
    expect(patchOf(app, structuredClone(KNOWN), { extra: undefined, clearRefresh: false })).toBeUndefined();
  });
  it('only what differs is written, and what is gone is named', () => {
    const status = { ...KNOWN, health: { status: 'Degraded', lastTransitionTime: NOW }, history: undefined };
    expect(patchOf(asked, status as never, { extra: undefined, clearRefresh: false })).toEqual({
      status: { health: { status: 'Degraded', lastTransitionTime: NOW }, history: null },
    });
  });
  it('the refresh annotation is removed even when the status stays as it is', () => {
    expect(patchOf(asked, KNOWN, { extra: undefined, clearRefresh: true })).toEqual({
      metadata: { annotations: { [ANNOTATIONS.refresh]: null } },
    });
  });
  it('an operation, annotations and the status go in one write', () => {
    const extra = { operation: { sync: {} }, metadata: { annotations: { [ANNOTATIONS.rollbackHold]: null } } };
    expect(patchOf(asked, { ...KNOWN, observedAt: NOW }, { extra, clearRefresh: true })).toEqual({
      operation: { sync: {} },
      metadata: { annotations: { [ANNOTATIONS.rollbackHold]: null, [ANNOTATIONS.refresh]: null } },
      status: { observedAt: NOW },
    });
  });
});

describe('a comparison that was skipped because its inputs are the same', () => {
  it('the same commit keeps the very same status', () => {
    expect(sameStatusAt(application({ status: KNOWN }), rendered(SHA_A), now)).toBe(KNOWN);
  });
  it('another commit with the same manifests moves the revision and nothing else', () => {
    const next = sameStatusAt(application({ status: KNOWN }), rendered(SHA_B), now);
    expect(next).toEqual({ ...KNOWN, sync: { ...KNOWN.sync, revision: SHA_B }, reconciledAt: NOW });
  });
  it('an outage of the Git host shows as a warning that is written once, and goes when the host is back', () => {
    const warned = { ...rendered(SHA_A), warnings: ['the Git host could not be asked'] };
    const during = sameStatusAt(application({ status: KNOWN }), warned, now);
    expect(during.conditions).toMatchObject([{ type: 'RenderWarning', message: warned.warnings[0] }]);
    expect(sameStatusAt(application({ status: during }), warned, new Date(LONG_AGO))).toBe(during);
    expect(sameStatusAt(application({ status: during }), rendered(SHA_A), now).conditions).toBeUndefined();
  });
  it('of several sources all revisions are kept', () => {
    const { source: _, ...rest } = specOf();
    const app = application({ spec: { ...rest, sources: [{ repoURL: 'a' }, { repoURL: 'b' }] } });
    expect(sameStatusAt(app, rendered(SHA_A, SHA_B), now)).toEqual({
      sync: { status: 'Synced', revisions: [SHA_A, SHA_B] },
      reconciledAt: NOW,
    });
  });
});

describe('a comparison that failed', () => {
  const failed = (app: Application, error: unknown): Application =>
    applyMergePatch(app, { status: failedStatus(app, error, { now }).status }) as Application;

  it('keeps what is known of resources, health and history, but not the sync status', () => {
    const app = application({ status: KNOWN });
    const { status } = failedStatus(app, new GitOpsError('ManifestGeneration', 'values.yaml: not YAML'), { now });
    expect(status).toEqual({
      ...KNOWN,
      sync: { ...KNOWN.sync, status: 'Unknown' },
      conditions: [{ type: 'ComparisonError', message: 'values.yaml: not YAML', lastTransitionTime: NOW }],
      reconciledAt: NOW,
    });
  });
  it('the same failure again writes nothing (design 4.4)', () => {
    const error = new GitOpsError('Upstream', 'git.test does not answer');
    const app = failed(application({ status: KNOWN }), error);
    const later = failedStatus(app, error, { now: new Date('2026-01-01T01:00:00Z') }).status;
    expect(patchOf(app, later, { extra: undefined, clearRefresh: false })).toBeUndefined();
  });
  it.each([
    {
      name: 'since when, at the first failure',
      app: KNOWN,
      expected: ` (resources and health are shown as they were at ${NOW})`,
    },
    {
      name: 'since when the sources could not be read',
      app: KNOWN,
      outageSince: new Date(LONG_AGO),
      expected: ` (resources and health are shown as they were at ${LONG_AGO})`,
    },
    {
      name: 'the same as before, when the outage has another reason by now',
      app: failedStatus(application({ status: KNOWN }), new GitOpsError('Upstream', 'reset'), {
        now: new Date(LONG_AGO),
      }).status,
      expected: ` (resources and health are shown as they were at ${LONG_AGO})`,
    },
    { name: 'nothing, when nothing was ever compared', app: {}, expected: '' },
  ])('of an outage says how old the shown state is: $name (R8, R9)', ({ app: status, outageSince, expected }) => {
    const { status: shown } = failedStatus(application({ status }), new GitOpsError('Upstream', 'away'), {
      now,
      outageSince,
    });
    expect(shown.conditions).toMatchObject([{ type: 'ComparisonError', message: `away${expected}` }]);
  });
  it.each([
    { code: 'InvalidSpec', condition: 'InvalidSpecError', retry: 'never' },
    { code: 'PermissionDenied', condition: 'InvalidSpecError', retry: 'never' },
    { code: 'ManifestGeneration', condition: 'ComparisonError', retry: 'never' },
    { code: 'Upstream', condition: 'ComparisonError', retry: 'backoff' },
    { code: 'NotFound', condition: 'ComparisonError', retry: 'never' },
    { code: 'Internal', condition: 'UnknownError', retry: 'backoff' },
  ] as const)('$code shows as $condition and is retried: $retry', ({ code, condition, retry }) => {
    const { status, failure } = failedStatus(application(), new GitOpsError(code, 'why'), { now });
    expect([status.conditions?.[0]?.type, failure.retry]).toEqual([condition, retry]);
  });
  it('what nobody expected is an UnknownError, without the secrets of its message', () => {
    const { status, failure } = failedStatus(application(), new Error('GET https://user:pass@git.test failed'), {
      now,
    });
    expect(failure.code).toBe('Internal');
    expect(status.conditions?.[0]).toMatchObject({ type: 'UnknownError' });
    expect(status.conditions?.[0]?.message).not.toContain('pass');
  });
});

describe('a specification that is refused', () => {
  const conditions = [{ type: 'InvalidSpecError', message: 'no such project' }] as const;

  it('shows sync status and health as Unknown, with the reason', () => {
    expect(invalidStatus(application({ status: KNOWN }), conditions, now)).toMatchObject({
      sync: { status: 'Unknown', comparedTo: { source, destination } },
      health: { status: 'Unknown', lastTransitionTime: NOW },
      conditions: [{ type: 'InvalidSpecError', message: 'no such project', lastTransitionTime: NOW }],
    });
  });
  it('is not written again while it stays the same (design 4.4)', () => {
    const status = invalidStatus(application(), conditions, now);
    const later = invalidStatus(application({ status }), conditions, new Date('2026-01-01T01:00:00Z'));
    expect(later).toBe(status);
  });
});
