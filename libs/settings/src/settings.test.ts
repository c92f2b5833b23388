import { describe, expect, it } from 'vitest';
import {
  decodeSecretData,
  parseAccountSettings,
  parseKnownHosts,
  parseReconciliationSettings,
  parseServerSettings,
  resolveSecretReference,
  tlsCertFor,
  tlsCertForUrl,
} from './index.js';

describe('reconciliation settings', () => {
  it('have Argo CD’s defaults', () => {
    expect(parseReconciliationSettings({}, {})).toEqual({
      problems: [],
      settings: {
        intervalMs: 120_000,
        jitterMs: 60_000,
        hardIntervalMs: undefined,
        selfHeal: { timeoutMs: 2_000, factor: 3, capMs: 300_000 },
        syncTimeoutMs: undefined,
        waveDelayMs: 2_000,
        statusProcessors: 20,
        operationProcessors: 10,
        repoServerTimeoutMs: 60_000,
        repoErrorGracePeriodMs: 180_000,
        serverSideDiff: false,
        persistResourceHealth: false,
        applicationNamespaces: [],
        impersonation: { enabled: false, enforced: true },
      },
    });
  });

  it.each([
    ['an interval', { 'timeout.reconciliation': '3m' }, {}, { intervalMs: 180_000 }],
    ['an interval in days', { 'timeout.reconciliation': '1d' }, {}, { intervalMs: 86_400_000 }],
    ['no polling', { 'timeout.reconciliation': '0' }, {}, { intervalMs: undefined }],
    ['a hard interval', { 'timeout.hard.reconciliation': '2h' }, {}, { hardIntervalMs: 7_200_000 }],
    ['a pause between waves (D11)', {}, { 'controller.sync.wave.delay.seconds': '7' }, { waveDelayMs: 7_000 }],
    ['a sync timeout', {}, { 'controller.sync.timeout.seconds': '90' }, { syncTimeoutMs: 90_000 }],
    [
      'an older self-heal timeout (D38)',
      {},
      { 'controller.self.heal.timeout.seconds': '5' },
      { selfHeal: { timeoutMs: 5_000, factor: 3, capMs: 300_000 } },
    ],
    [
      'a self-heal back-off (D38)',
      {},
      {
        'controller.self.heal.backoff.timeout.seconds': '1',
        'controller.self.heal.backoff.factor': '2',
        'controller.self.heal.backoff.cap.seconds': '60',
      },
      { selfHeal: { timeoutMs: 1_000, factor: 2, capMs: 60_000 } },
    ],
    [
      'namespaces (A31)',
      {},
      { 'application.namespaces': 'team-*, /^x$/' },
      { applicationNamespaces: ['team-*', '/^x$/'] },
    ],
  ])('read %s', (...[, cm, params, expected]) => {
    expect(parseReconciliationSettings(cm, params).settings).toMatchObject(expected);
  });

  it.each([
    ['timeout.reconciliation', 'soon', 'is not a duration'],
    ['timeout.reconciliation', '-5s', 'is not a duration'],
    ['timeout.hard.reconciliation', '180', 'is not a duration'],
  ])('keep the default for %s: %s', (key, value, message) => {
    const { settings, problems } = parseReconciliationSettings({ [key]: value }, {});
    expect(problems).toEqual([{ key, message: expect.stringContaining(message) }]);
    expect(settings).toEqual(parseReconciliationSettings({}, {}).settings);
  });

  it('keep the default for a count that is no number', () => {
    const { settings, problems } = parseReconciliationSettings({}, { 'controller.status.processors': '0' });
    expect([settings.statusProcessors, problems.length]).toEqual([20, 1]);
  });
});

describe('accounts (F19)', () => {
  const cm = {
    'accounts.alice': 'apiKey, login',
    'accounts.bob': 'login, fly',
    'accounts.bob.enabled': 'false',
    'admin.enabled': 'true',
    'users.session.duration': '1h',
    passwordPattern: '[',
  };
  const secret = {
    'admin.password': '$2a$10$x',
    'admin.passwordMtime': '2026-01-01T00:00:00Z',
    'accounts.alice.tokens': '[{"id":"t1","iat":5},{"id":"t2","iat":6,"exp":7}]',
    'accounts.bob.tokens': '{broken',
    'server.secretkey': 'key',
  };
  const { settings, problems } = parseAccountSettings(cm, secret);

  it('are read with passwords, capabilities and tokens', () => {
    expect([...settings.accounts.values()]).toEqual([
      {
        name: 'admin',
        enabled: true,
        capabilities: ['login'],
        passwordHash: '$2a$10$x',
        passwordModifiedAt: '2026-01-01T00:00:00Z',
        tokens: [],
      },
      {
        name: 'alice',
        enabled: true,
        capabilities: ['apiKey', 'login'],
        tokens: [
          { id: 't1', issuedAt: 5 },
          { id: 't2', issuedAt: 6, expiresAt: 7 },
        ],
      },
      { name: 'bob', enabled: false, capabilities: ['login'], tokens: [] },
    ]);
    expect(settings).toMatchObject({ signingKey: 'key', sessionDurationMs: 3_600_000, passwordPattern: '^.{8,32}$' });
  });

  it('with bad values are reported', () => {
    expect(problems.map(({ key }) => key).sort()).toEqual(['accounts.bob', 'accounts.bob.tokens', 'passwordPattern']);
  });

  it('the admin can be disabled and can be given tokens', () => {
    const admin = (data: Record<string, string>) => parseAccountSettings(data, {}).settings.accounts.get('admin');
    expect(admin({ 'admin.enabled': 'false' })?.enabled).toBe(false);
    expect(admin({ 'accounts.admin': 'apiKey' })?.capabilities).toEqual(['apiKey', 'login']);
  });
});

describe('Secrets', () => {
  it('are decoded; stringData wins; binary entries are left out', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {},
      data: { a: 'aGVsbG8=', b: 'b2xk', c: '/w==' },
      stringData: { b: 'new' },
    };
    expect(decodeSecretData(object)).toEqual({ a: 'hello', b: 'new' });
  });

  it.each([
    ['$oidc.secret', 'inner'],
    ['$other:key', 'outer'],
    ['$missing', '$missing'],
    ['$other:missing', '$other:missing'],
    ['plain', 'plain'],
  ])('%s resolves to %s (F28)', (value, expected) => {
    const sources = { argocdSecret: { 'oidc.secret': ' inner\n' }, others: { other: { key: 'outer' } } };
    expect(resolveSecretReference(value, sources)).toBe(expected);
  });
});

describe('certificates', () => {
  const cm = { 'git.example.com': 'PEM\n', 'git.example.com:8443': 'OTHER' };
  it.each([
    ['git.example.com', 'PEM'],
    ['GIT.example.com', 'PEM'],
    ['git.example.com:8443', 'OTHER'],
    ['git.example.com:9999', 'PEM'],
    ['example.com', undefined],
  ])('for %s (G11)', (host, expected) => expect(tlsCertFor(host, cm)).toBe(expected));

  it.each([
    ['https://user:pw@git.example.com/org/repo', 'PEM'],
    ['oci://git.example.com:8443/charts', 'OTHER'],
    ['git@git.example.com:org/repo', undefined],
    ['http://git.example.com/x', undefined],
    ['git.example.com:8443/charts', 'OTHER'],
    ['git.example.com', 'PEM'],
    ['git.example.com:org/repo', undefined],
    ['localhost/charts', undefined],
  ])('for the URL %s', (url, expected) => expect(tlsCertForUrl(url, cm)).toBe(expected));

  it('known hosts are listed and broken lines reported (G12)', () => {
    const text = '# comment\ngit.example.com ssh-ed25519 AAAA\n\n@revoked [x]:22 ssh-rsa BBBB==\nnonsense\n';
    expect(parseKnownHosts({ ssh_known_hosts: text })).toEqual({
      settings: [
        { hosts: 'git.example.com', algorithm: 'ssh-ed25519', key: 'AAAA', line: 2 },
        { hosts: '[x]:22', algorithm: 'ssh-rsa', key: 'BBBB==', line: 4, marker: '@revoked' },
      ],
      problems: [{ key: 'ssh_known_hosts', message: 'line 5 is not "host algorithm key"' }],
    });
  });
});

describe('server settings', () => {
  it('URLs, badge and global projects are read (A41, F08)', () => {
    const { settings, problems } = parseServerSettings({
      url: 'https://cd.example.com/',
      additionalUrls: '- https://b\n- javascript:alert(1)\n',
      'statusbadge.enabled': 'true',
      'statusbadge.url': 'https://badge.example.com',
      globalProjects: '- projectName: base\n  labelSelector:\n    matchLabels: {a: b}\n- {projectName: broken}\n',
    });
    expect(settings).toMatchObject({
      url: 'https://cd.example.com',
      additionalUrls: ['https://b'],
      badge: { enabled: true, url: 'https://badge.example.com' },
      globalProjects: [{ projectName: 'base', labelSelector: { matchLabels: { a: 'b' } } }],
    });
    expect(problems).toEqual([
      { key: 'additionalUrls', message: '"javascript:alert(1)" is not an http or https URL' },
      { key: 'globalProjects', message: 'entry 2 needs projectName and labelSelector' },
    ]);
  });

  it.each([
    { name: 'by default Replace is allowed, and sync is the only permission', expected: [true, false, false] },
    {
      name: 'Replace may be forbidden',
      parameters: { 'server.sync.replace.allowed': 'false' },
      expected: [false, false, false],
    },
    {
      name: 'revisions may need the permission override',
      argocdCm: { 'application.sync.requireOverridePrivilegeForRevisionSync': 'true' },
      expected: [true, true, false],
    },
    {
      name: 'rollbacks may need a permission of their own',
      argocdCm: { 'server.rbac.rollback.enforce.enable': 'true' },
      expected: [true, false, true],
    },
  ])('of syncs: $name (D24, D45, F18)', ({ argocdCm = {}, parameters = {}, expected }) => {
    const { settings, problems } = parseServerSettings(argocdCm, parameters);
    const { syncWithReplaceAllowed, revisionSyncNeedsOverride, rollbackIsPermission } = settings;
    expect([syncWithReplaceAllowed, revisionSyncNeedsOverride, rollbackIsPermission]).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it('a url with another scheme is refused (S24)', () => {
    expect(parseServerSettings({ url: 'javascript:alert(1)' })).toMatchObject({
      settings: { url: undefined },
      problems: [{ key: 'url' }],
    });
  });
});
