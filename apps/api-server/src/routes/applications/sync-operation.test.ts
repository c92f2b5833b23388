/** What a sync request may not ask for (D24, D33, D45, B35). */
import type { ApplicationSyncRequest } from '@tiphys/api-contract';
import type { Application, SyncPolicy } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { checkSyncRequest, isOverride } from './sync-operation.js';

const MANIFESTS = { manifests: ['{}'] };
const application = (syncPolicy: SyncPolicy = {}): Application => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web' } },
  spec: {
    project: 'default',
    source: { repoURL: 'https://git.example.com/web', path: '.', targetRevision: 'main' },
    destination: { name: 'in-cluster' },
    syncPolicy,
  },
});
const severalSources = (): Application => {
  const { source, ...spec } = application().spec;
  return { ...application(), spec: { ...spec, sources: source === undefined ? [] : [source, source] } };
};
const rules = { replaceAllowed: true, signaturesDemanded: false };
const automated = { automated: {} };

describe('refused', () => {
  it.each([
    {
      name: 'Replace where the server does not allow it',
      request: { syncOptions: { items: ['Replace=true'] } },
      rules: { ...rules, replaceAllowed: false },
      message: /sync with replace was disabled/,
    },
    {
      name: 'Replace of the application where the server does not allow it',
      application: application({ syncOptions: ['Validate=false', 'Replace=true'] }),
      rules: { ...rules, replaceAllowed: false },
      message: /sync with replace was disabled/,
    },
    {
      name: 'local manifests where the project demands signatures',
      request: MANIFESTS,
      rules: { ...rules, signaturesDemanded: true },
      message: /Cannot use local sync when source integrity is required/,
    },
    {
      name: 'local manifests while auto-sync is on',
      application: application(automated),
      request: MANIFESTS,
      message: /cannot use local sync when Automatic Sync Policy is enabled/,
    },
    {
      name: 'another revision while auto-sync is on',
      application: application(automated),
      request: { revision: 'feature' },
      message: /Cannot sync to feature: auto-sync currently set to main/,
    },
    {
      name: 'a position that no source has',
      application: severalSources(),
      request: { revisions: ['a'], sourcePositions: ['3'] },
      message: /source position 3 does not exist: the application has 2 source/,
    },
  ])('$name', ({ application: app = application(), request = {}, rules: given = rules, message }) => {
    expect(() => checkSyncRequest(app, request as ApplicationSyncRequest, given)).toThrow(message);
  });
});

describe('taken', () => {
  it.each([
    { name: 'Replace by default', request: { syncOptions: { items: ['Replace=true'] } } },
    {
      name: 'Replace=false where Replace is not allowed',
      request: { syncOptions: { items: ['Replace=false'] } },
      rules: { ...rules, replaceAllowed: false },
    },
    {
      name: 'options of the request instead of the application’s Replace',
      application: application({ syncOptions: ['Replace=true'] }),
      request: { syncOptions: { items: ['Prune=false'] } },
      rules: { ...rules, replaceAllowed: false },
    },
    {
      name: 'a dry run of local manifests while auto-sync is on',
      application: application(automated),
      request: { ...MANIFESTS, dryRun: true },
    },
  ])('$name', ({ application: app = application(), request, rules: given = rules }) => {
    expect(() => checkSyncRequest(app, request as ApplicationSyncRequest, given)).not.toThrow();
  });
});

describe('an override', () => {
  it.each([
    { name: 'are local manifests', request: MANIFESTS, byRevision: false, expected: true },
    { name: 'is no other revision by default', request: { revision: 'feature' }, byRevision: false, expected: false },
    { name: 'is another revision by setting', request: { revision: 'feature' }, byRevision: true, expected: true },
    {
      name: 'is not the revision of the specification',
      request: { revision: 'main' },
      byRevision: true,
      expected: false,
    },
    { name: 'is not a sync without a revision', request: {}, byRevision: true, expected: false },
    {
      name: 'is another revision of one of several sources',
      application: severalSources(),
      request: { revisions: ['feature'], sourcePositions: ['2'] },
      byRevision: true,
      expected: true,
    },
  ])('$name', ({ application: app = application(), request, byRevision, expected }) => {
    expect(isOverride(app, request as ApplicationSyncRequest, { byRevision })).toBe(expected);
  });
});
