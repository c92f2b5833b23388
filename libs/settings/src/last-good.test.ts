/** Settings that turn bad while a service runs keep their last good value, and say so. */
import { CONFIG_OBJECTS, LABELS } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  checkServerSecret,
  checkSettings,
  createSettingsKeeper,
  parseAccountSettings,
  parseClusters,
  parseComparisonSettings,
  parseReconciliationSettings,
  type SettingsData,
  type SettingsInputs,
} from './index.js';

const SECRET: SettingsData = { 'server.secretkey': 'x'.repeat(44) };
const check = (inputs: SettingsInputs) => [...checkSettings(inputs), ...checkServerSecret(inputs)];
const keeper = () => createSettingsKeeper(check, CONFIG_OBJECTS.secret);
const settings = (argocdCm: SettingsData, more: Partial<SettingsInputs> = {}): SettingsInputs => ({
  configMaps: { [CONFIG_OBJECTS.settings]: argocdCm },
  secret: SECRET,
  records: [],
  ...more,
});
const cmOf = ({ configMaps }: SettingsInputs) => configMaps[CONFIG_OBJECTS.settings] ?? {};
const clusterSecret = (data: SettingsData) => ({
  ...{ name: 'prod', namespace: 'argocd', annotations: {}, labels: { [LABELS.secretType]: 'cluster' } },
  data,
});

describe('a value that turns bad', () => {
  it.each([
    ['timeout.reconciliation', '5m', 'five minutes', 'is not a duration'],
    ['timeout.reconciliation', undefined, '5', 'is not a duration'],
    ['resource.customizations', 'apps/Deployment: { health.lua: x }', 'apps/Deployment: [', ''],
    [
      'resource.customizations.ignoreDifferences.apps_Deployment',
      'jsonPointers: [/spec/replicas]',
      '[]',
      'must be an object',
    ],
    ['resource.exclusions', '- kinds: [Pod]', 'kinds: [Pod]', 'must be a YAML list'],
    ['admin.enabled', 'false', 'nope', 'is not true or false'],
    ['users.session.duration', '1h', '-1h', 'is not a duration'],
    ['passwordPattern', '^.{12,}$', '(', 'is not a regular expression'],
    ['url', 'https://cd.example.com', 'cd.example.com', 'is not an http'],
    ['oidc.config', 'name: a\nissuer: https://a\nclientID: b', 'name: a', 'issuer'],
    ['application.links', '- { title: a, url: https://b }', '- { title: a }', 'needs a title and a url'],
  ])('%s: "%s" stays when it becomes "%s"', (...[key, good, bad, problem]) => {
    const keep = keeper();
    const before = good === undefined ? {} : { [key]: good };
    expect(keep.update(settings(before)).invalid).toEqual([]);
    const { inputs, invalid } = keep.update(settings({ [key]: bad }));
    expect(cmOf(inputs)).toEqual(before);
    expect(invalid[0]).toMatchObject({ kind: 'ConfigMap', object: 'argocd-cm', key, uses: 'last good value' });
    expect(invalid[0]?.message).toContain(problem);
    expect(keep.update(settings({ [key]: bad })).invalid[0]).toMatchObject({ uses: 'last good value' });
    const repaired = keep.update(settings(before));
    expect([cmOf(repaired.inputs), repaired.invalid]).toEqual([before, []]);
  });

  it('does not hold back the other values of its ConfigMap', () => {
    const keep = keeper();
    keep.update(settings({ 'timeout.reconciliation': '5m', 'timeout.hard.reconciliation': '1h' }));
    const { inputs } = keep.update(settings({ 'timeout.reconciliation': 'x', 'timeout.hard.reconciliation': '2h' }));
    expect(parseReconciliationSettings(cmOf(inputs), {}).settings).toMatchObject({
      ...{ intervalMs: 300_000, hardIntervalMs: 7_200_000 },
    });
  });

  it('is the default after a restart, and still said', () => {
    const { inputs, invalid } = keeper().update(settings({ 'timeout.reconciliation': 'x' }));
    expect(parseReconciliationSettings(cmOf(inputs), {}).settings).toMatchObject({ intervalMs: 120_000 });
    expect(invalid).toMatchObject([{ key: 'timeout.reconciliation', uses: 'default' }]);
  });

  it('after a restart, a second bad value does not make the first one good', () => {
    const keep = keeper();
    keep.update(settings({ 'resource.exclusions': '[{ kinds: [Pod] }, 1]' }));
    const { inputs, invalid } = keep.update(settings({ 'resource.exclusions': '[{ kinds: [Job] }, 1]' }));
    expect(parseComparisonSettings(cmOf(inputs)).settings.resourceFilter.exclusions).toMatchObject([
      { kinds: ['Job'] },
    ]);
    expect(invalid).toMatchObject([{ uses: 'default' }]);
  });

  it('a value that is taken away is the default: that is no mistake', () => {
    const keep = keeper();
    keep.update(settings({ 'timeout.reconciliation': '5m' }));
    expect(keep.update(settings({}))).toMatchObject({ invalid: [], inputs: { configMaps: { 'argocd-cm': {} } } });
  });
});

it('a reference into a Secret that was not read is no mistake (F28)', () => {
  const config = (secret: string) => ({ 'oidc.config': `issuer: https://a\nclientID: b\nclientSecret: ${secret}` });
  const keep = keeper();
  keep.update(settings(config('x')));
  expect(keep.update(settings(config('$other:key')))).toMatchObject({ invalid: [] });
  expect(keep.update(settings(config('$other:key'), { others: {} })).invalid).toMatchObject([{ key: 'oidc.config' }]);
  expect(keep.update(settings(config('$missing'))).invalid).toMatchObject([{ key: 'oidc.config' }]);
});

describe('secrets', () => {
  it.each([
    ['is taken away', {}, 'is missing'],
    ['is emptied', { 'server.secretkey': ' ' }, 'is missing'],
    ['becomes too short', { 'server.secretkey': 'abc' }, 'is shorter than 16'],
  ])('nobody is logged out when the signing key %s (S15)', (_name, secret, problem) => {
    const keep = keeper();
    keep.update(settings({}));
    const { inputs, invalid } = keep.update(settings({}, { secret }));
    expect(parseAccountSettings({}, inputs.secret).settings.signingKey).toBe(SECRET['server.secretkey']);
    expect(invalid).toMatchObject([{ kind: 'Secret', object: 'argocd-secret', key: 'server.secretkey' }]);
    expect(invalid[0]?.message).toContain(problem);
  });

  it('a rotated signing key takes effect', () => {
    const keep = keeper();
    keep.update(settings({}));
    const secret = { 'server.secretkey': 'y'.repeat(44) };
    expect(keep.update(settings({}, { secret })).inputs.secret).toEqual(secret);
  });

  it('a plain password in the place of a hash is not used, and never shown (S23)', () => {
    const keep = keeper();
    const good = { ...SECRET, 'admin.password': `$2a$10$${'a'.repeat(53)}` };
    keep.update(settings({}, { secret: good }));
    const { inputs, invalid } = keep.update(settings({}, { secret: { ...good, 'admin.password': 'hunter2' } }));
    expect(inputs.secret).toEqual(good);
    expect(JSON.stringify(invalid)).toContain('is no bcrypt hash');
    expect(JSON.stringify(invalid)).not.toContain('hunter2');
  });

  it('a cluster whose registration is broken keeps the last one; what was in it is not shown', () => {
    const keep = keeper();
    const good = { server: 'https://prod', config: '{"bearerToken":"a"}' };
    keep.update(settings({}, { records: [clusterSecret(good)] }));
    const bad = {
      server: 'https://prod',
      config: '{"bearerToken":"hunter2"',
      clusterResources: 'hunter2',
      namespaces: 'a',
    };
    const { inputs, invalid } = keep.update(settings({}, { records: [clusterSecret(bad)] }));
    expect(parseClusters(inputs.records).settings).toContainEqual(
      expect.objectContaining({ server: 'https://prod', namespaces: ['a'], auth: { kind: 'bearerToken', token: 'a' } }),
    );
    expect(invalid).toEqual([
      { kind: 'Secret', object: 'prod', key: 'config', message: 'is not a JSON object', uses: 'last good value' },
      {
        ...{ kind: 'Secret', object: 'prod', key: 'clusterResources', uses: 'last good value' },
        message: 'its value is not true or false',
      },
    ]);
  });
});

describe('what did not change', () => {
  it('is the same object as before: who compares by identity parses nothing again', () => {
    const keep = keeper();
    const [tls, good] = [{ 'a.example.com': '-----BEGIN CERTIFICATE-----' }, { 'timeout.reconciliation': '5m' }];
    const inputs = (argocdCm: SettingsData): SettingsInputs => ({
      ...{ secret: SECRET, records: [] },
      configMaps: { [CONFIG_OBJECTS.settings]: argocdCm, [CONFIG_OBJECTS.tlsCerts]: tls },
    });
    const before = keep.update(inputs(good)).inputs;
    const after = keep.update(inputs({ 'timeout.reconciliation': 'x' })).inputs;
    expect(after.configMaps[CONFIG_OBJECTS.tlsCerts]).toBe(tls);
    expect(after.secret).toBe(SECRET);
    expect(cmOf(after)).toBe(cmOf(before));
  });
});
