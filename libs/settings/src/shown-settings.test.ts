import { describe, expect, it } from 'vitest';
import { parseShownSettings } from './shown-settings.js';

describe('what user interfaces are told (N14)', () => {
  it('is empty without settings', () => {
    expect(parseShownSettings({})).toEqual({
      settings: {
        ...{ uiCssUrl: '', uiLoginButtonText: '', installationId: '', resourceOverrides: {} },
        banner: { content: '', url: '', permanent: false, position: '' },
        googleAnalytics: { trackingId: '', anonymizeUsers: true },
        help: { chatUrl: '', chatText: '', binaryUrls: {} },
        kustomize: { buildOptions: '', versions: [] },
      },
      problems: [],
    });
  });

  it('has texts, addresses, downloads and the versions of Kustomize', () => {
    const { settings } = parseShownSettings({
      'ui.bannercontent': 'maintenance at noon',
      'ui.bannerpermanent': 'true',
      'help.chatUrl': 'https://chat.example.com',
      'help.download.linux-amd64': 'https://downloads.example.com/argocd',
      'ga.anonymizeusers': 'false',
      'kustomize.buildOptions': '--enable-helm',
      'kustomize.path.v4.5.7': '/tools/kustomize',
    });
    expect(settings).toMatchObject({
      banner: { content: 'maintenance at noon', permanent: true },
      googleAnalytics: { anonymizeUsers: false },
      help: { chatText: 'Chat now!', binaryUrls: { 'linux-amd64': 'https://downloads.example.com/argocd' } },
      kustomize: { buildOptions: '--enable-helm', versions: ['v4.5.7'] },
    });
  });

  it('has customizations of resources by group and kind, in the words they were written in', () => {
    const { settings, problems } = parseShownSettings({
      'resource.customizations.health.apps_Deployment': 'return {}',
      'resource.customizations.useOpenLibs.apps_Deployment': 'true',
      'resource.customizations.ignoreDifferences.all': 'jsonPointers: [/spec/replicas]',
      'resource.customizations.knownTypeFields.Pod': '[{field: spec.x, type: core/Quantity}]',
      'resource.customizations': 'Secret: {actions: "discovery.lua: return {}"}',
    });
    expect(settings.resourceOverrides).toEqual({
      'apps/Deployment': { 'health.lua': 'return {}', 'health.lua.useOpenLibs': true },
      '*/*': { ignoreDifferences: 'jsonPointers: [/spec/replicas]' },
      Pod: { knownTypeFields: [{ field: 'spec.x', type: 'core/Quantity' }] },
      Secret: { actions: 'discovery.lua: return {}' },
    });
    expect(problems).toEqual([]);
  });
});
