import { describe, expect, it } from 'vitest';
import { parseExtensionSettings } from './index.js';

const parse = (argocdCm: Record<string, string>, params: Record<string, string> = {}) =>
  parseExtensionSettings({
    ...{ argocdCm, argocdCmdParamsCm: params },
    secrets: { argocdSecret: { 'some.key': 'Bearer s3cret' } },
  });
const LIMITS = {
  connectionTimeoutMs: 2000,
  keepAliveMs: 15_000,
  idleConnectionTimeoutMs: 60_000,
  maxIdleConnections: 30,
};

describe('proxy extensions (N20)', () => {
  it('are off and none by default', () => {
    expect(parse({})).toEqual({ settings: { enabled: false, extensions: new Map() }, problems: [] });
    expect(parse({}, { 'server.enable.proxy.extension': 'true' }).settings.enabled).toBe(true);
  });

  it('are read from the list and from keys of their own, with secrets and defaults', () => {
    const { settings, problems } = parse({
      'extension.config': `
extensions:
- name: httpbin
  backend:
    connectionTimeout: 5s
    keepAlive: 1m
    idleConnectionTimeout: 2m
    maxIdleConnections: 3
    services:
    - url: http://httpbin.org/base
      headers: [{ name: Authorization, value: $some.key }, { name: x-team, value: web }]
      cluster: { name: ignored }
`,
      'extension.config.two': `
services:
- { url: "https://a.example.com:8443", cluster: { name: a } }
- { url: "https://b.example.com", cluster: { server: "https://b" } }
`,
    });
    expect(problems).toEqual([]);
    expect([...settings.extensions.values()]).toEqual([
      {
        name: 'httpbin',
        services: [{ origin: 'http://httpbin.org', headers: { authorization: 'Bearer s3cret', 'x-team': 'web' } }],
        ...{ connectionTimeoutMs: 5000, keepAliveMs: 60_000, idleConnectionTimeoutMs: 120_000, maxIdleConnections: 3 },
      },
      {
        name: 'two',
        services: [
          { origin: 'https://a.example.com:8443', headers: {}, cluster: { name: 'a', server: '' } },
          { origin: 'https://b.example.com', headers: {}, cluster: { name: '', server: 'https://b' } },
        ],
        ...LIMITS,
      },
    ]);
  });

  it.each([
    ['services: []', /needs services/],
    ['[]', /needs services/],
    ['services: [{ url: "ftp://x" }]', /needs a url/],
    ['services: [{ url: "http://a" }, { url: "http://b" }]', /needs a cluster/],
    ['services: [{ url: "http://a", headers: [{ name: x }] }]', /needs a name and a value/],
    ['services: [{ url: "http://a", headers: [{ name: "x y", value: z }] }]', /needs a name and a value/],
    ['services: [{ url: "http://a", headers: [{ name: x, value: $none }] }]', /names no key of a Secret/],
    ['services: [{ url: "http://a", headers: [{ name: x, value: "a\\nb" }] }]', /must be one line/],
    ['{ connectionTimeout: soon, services: [{ url: "http://a" }] }', /must be durations/],
    ['{ maxIdleConnections: many, services: [{ url: "http://a" }] }', /must be a number/],
  ])('%s is reported, and the others are there', (text, message) => {
    const { settings, problems } = parse({
      'extension.config.bad': text,
      'extension.config.good': 'services: [{ url: "http://a" }]',
    });
    expect(problems).toEqual([{ key: 'extension.config.bad', message: expect.stringMatching(message) }]);
    expect([...settings.extensions.keys()]).toEqual(['good']);
  });

  it('that are there twice are not there at all: nobody can take over the name of another one', () => {
    const backend = { services: [{ url: 'http://a' }] };
    const { settings, problems } = parse({
      'extension.config': JSON.stringify({
        extensions: [
          { name: 'a', backend },
          { name: 'b', backend },
        ],
      }),
      'extension.config.a': 'services: [{ url: "http://evil" }]',
    });
    expect([...settings.extensions.keys()]).toEqual(['b']);
    expect(problems).toEqual([{ key: 'extension.config.a', message: 'the extension a is there twice' }]);
  });
});
