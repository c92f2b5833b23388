/** Settings of the plugin server: Argo CD's variables, and durations in its spelling (B29, B33). */
import { parseConfig } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { aliases, ConfigSchema } from './config.js';

const parse = (env: Readonly<Record<string, string>>) =>
  parseConfig(ConfigSchema, { name: 'cmp-server', argv: [], env, aliases });

describe('a setting', () => {
  it.each([
    [
      'has Argo CD’s paths and times by default',
      {},
      { pluginDir: '/home/argocd/cmp-server/plugins', execTimeout: 90_000, execFatalTimeout: 10_000 },
    ],
    ['is a duration', { ARGOCD_EXEC_TIMEOUT: '2m30s' }, { execTimeout: 150_000 }],
    ['is a number of seconds', { ARGOCD_EXEC_TIMEOUT: '30' }, { execTimeout: 30_000 }],
    [
      'may have our own name, which wins',
      { ARGOCD_EXEC_TIMEOUT: '30s', TIPHYS_EXEC_TIMEOUT: '5s' },
      { execTimeout: 5_000 },
    ],
    ['is the folder of the sockets', { ARGOCD_PLUGINSOCKFILEPATH: '/sockets' }, { pluginDir: '/sockets' }],
  ])('%s', (_name, env, expected) => {
    expect(parse(env)).toMatchObject({ kind: 'config', value: expected });
  });

  it('that is no duration is named', () => {
    expect(parse({ ARGOCD_EXEC_TIMEOUT: 'soon' })).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/must be a duration, for example 90s/),
    });
  });
});
