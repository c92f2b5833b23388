import { describe, expect, it } from 'vitest';
import { parseComparisonSettings } from './comparison.js';
import { parseActionCustomizations } from './resource-actions.js';

const ACTIONS = `
mergeBuiltinActions: true
discovery.lua: |
  return {}
definitions:
- name: do
  action.lua: |
    return obj
`;
const parsed = {
  discoveryLua: 'return {}\n',
  definitions: [{ name: 'do', lua: 'return obj\n' }],
  mergeBuiltinActions: true,
  useOpenLibs: false,
};

describe('actions of argocd-cm (E12)', () => {
  it.each<readonly [string, Record<string, string>, object]>([
    [
      'a kind with a group',
      { 'resource.customizations.actions.batch_CronJob': ACTIONS },
      { group: 'batch', kind: 'CronJob', ...parsed },
    ],
    [
      'a kind of the core group',
      { 'resource.customizations.actions.ConfigMap': ACTIONS },
      { group: '', kind: 'ConfigMap', ...parsed },
    ],
    [
      'the older single map',
      { 'resource.customizations': `batch/CronJob:\n  actions: |\n${ACTIONS.replaceAll(/^/gm, '    ')}` },
      { group: 'batch', kind: 'CronJob', ...parsed },
    ],
    [
      'more libraries for the kind',
      {
        'resource.customizations.actions.batch_CronJob': ACTIONS,
        'resource.customizations.useOpenLibs.batch_CronJob': 'true',
      },
      { group: 'batch', kind: 'CronJob', ...parsed, useOpenLibs: true },
    ],
  ])('%s', (_name, data, expected) => {
    expect(parseActionCustomizations(data)).toEqual({ settings: [expected], problems: [] });
  });

  it.each([
    ['no YAML', 'a: [', 0],
    ['a text', 'just text', 0],
    ['a definition without a script', 'definitions: [{name: x}]', 1],
  ])('%s is a problem with its key', (_name, text, count) => {
    const { settings, problems } = parseActionCustomizations({ 'resource.customizations.actions.a_B': text });
    expect([settings.length, problems.map(({ key }) => key)]).toEqual([count, ['resource.customizations.actions.a_B']]);
  });
});

describe('health scripts of argocd-cm (E05, E06)', () => {
  it('may use more libraries where the older map says so', () => {
    const text = 'a.io/B:\n  health.lua: return 1\n  health.lua.useOpenLibs: true\n';
    const { settings } = parseComparisonSettings({ 'resource.customizations': text });
    expect(settings.healthScripts).toEqual([{ group: 'a.io', kind: 'B', lua: 'return 1', useOpenLibs: true }]);
  });
});
