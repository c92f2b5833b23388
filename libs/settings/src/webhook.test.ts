import { describe, expect, it } from 'vitest';
import { parseWebhookSettings } from './index.js';

const DEFAULTS = {
  requireSecret: false,
  ...{ maxPayloadBytes: 52_428_800, parallelism: 50, refreshWorkers: 20 },
  ...{ jitterMs: 0, jitterThreshold: 10 },
};

describe('webhook settings', () => {
  it('have Argo CD\u2019s defaults (J06, J07)', () => {
    expect(parseWebhookSettings({ argocdCm: {}, argocdSecret: {} })).toEqual({ settings: DEFAULTS, problems: [] });
  });

  it('secrets are read and references resolved (J03, F28)', () => {
    const { settings, problems } = parseWebhookSettings({
      argocdCm: {},
      argocdSecret: {
        'webhook.github.secret': '$github',
        github: 'shh',
        'webhook.gitlab.secret': '$hooks:gitlab',
        'webhook.azuredevops.username': 'u',
        'webhook.azuredevops.password': 'p',
        'webhook.bitbucket.uuid': ' {uuid} ',
        'webhook.bitbucketserver.secret': 'server',
        'webhook.harbor.secret': 'harbor',
        'webhook.dockerhub.secret': 'hub',
        'webhook.generic.secret': 'generic',
        'webhook.gogs.secret': '$nowhere',
      },
      others: { hooks: { gitlab: 'lab' } },
    });
    expect(settings).toEqual({
      ...DEFAULTS,
      ...{ github: 'shh', gitlab: 'lab', gogs: '$nowhere', bitbucketUuid: '{uuid}', bitbucketServer: 'server' },
      ...{ azureDevOps: { username: 'u', password: 'p' }, harbor: 'harbor', dockerHub: 'hub', generic: 'generic' },
    });
    expect(problems.map(({ key }) => key)).toEqual(['webhook.gogs.secret']);
  });

  it('a password alone still protects the hooks of Azure DevOps', () => {
    const { settings } = parseWebhookSettings({ argocdCm: {}, argocdSecret: { 'webhook.azuredevops.password': 'p' } });
    expect(settings.azureDevOps).toEqual({ username: '', password: 'p' });
  });

  it('limits are read, and what is no number keeps the default and is told', () => {
    const { settings, problems } = parseWebhookSettings({
      argocdCm: {
        ...{ 'webhook.requireSecret': 'true', 'webhook.maxPayloadSizeMB': '1', 'webhook.refresh.jitter': '30s' },
        ...{ 'webhook.refresh.jitter.threshold': '0' },
      },
      argocdCmdParamsCm: { 'server.webhook.parallelism.limit': '0', 'server.webhook.refresh.workers': '5' },
      argocdSecret: {},
    });
    expect(settings).toEqual({
      ...DEFAULTS,
      ...{ requireSecret: true, maxPayloadBytes: 1_048_576, refreshWorkers: 5, jitterMs: 30_000, jitterThreshold: 0 },
    });
    expect(problems).toEqual([
      { key: 'server.webhook.parallelism.limit', message: '"0" is not a whole number of at least 1' },
    ]);
  });
});
