/** The surface as a whole: what generated clients of Argo CD rely on. */
import { describe, expect, it } from 'vitest';
import {
  accountRoutes,
  applicationResourceRoutes,
  applicationRoutes,
  applicationSetRoutes,
  applicationStateRoutes,
  certificateRoutes,
  clusterRoutes,
  gpgKeyRoutes,
  installationRoutes,
  linkRoutes,
  listOf,
  notificationRoutes,
  podLogsRoutes,
  projectRoutes,
  type RouteContract,
  repoCredsRoutes,
  repositoryRoutes,
  resourceActionRoutes,
  routePath,
  sessionRoutes,
  writeRepoCredsRoutes,
  writeRepositoryRoutes,
} from './index.js';

const routes: readonly RouteContract[] = [
  ...Object.values(accountRoutes),
  ...Object.values(certificateRoutes),
  ...Object.values(clusterRoutes),
  ...Object.values(applicationRoutes),
  ...Object.values(applicationSetRoutes),
  ...Object.values(applicationStateRoutes),
  ...Object.values(applicationResourceRoutes),
  ...Object.values(gpgKeyRoutes),
  ...Object.values(installationRoutes),
  ...Object.values(linkRoutes),
  ...Object.values(notificationRoutes),
  ...Object.values(podLogsRoutes),
  ...Object.values(projectRoutes),
  ...Object.values(repoCredsRoutes),
  ...Object.values(repositoryRoutes),
  ...Object.values(resourceActionRoutes),
  ...Object.values(sessionRoutes),
  ...Object.values(writeRepoCredsRoutes),
  ...Object.values(writeRepositoryRoutes),
];

describe('routes', () => {
  it('are declared once per method and path, and have an operation id of their own', () => {
    const unique = (texts: readonly string[]) => new Set(texts).size;
    expect(unique(routes.map(({ method, path }) => `${method} ${path}`))).toBe(routes.length);
    expect(unique(routes.map(({ operationId }) => operationId))).toBe(routes.length);
  });

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s describes every parameter of its path and answers with a schema',
    (_, { path, schemas }) => {
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      const described = Object.keys((schemas.params as { properties?: object } | undefined)?.properties ?? {});
      expect(described.sort()).toEqual(names.sort());
      expect(schemas.response).toBeDefined();
    },
  );

  it('without a session: login, logout, who am I, version, settings', () => {
    const open = routes.filter((route) => route.access === 'public').map(({ path }) => path);
    const expected = [
      '/api/v1/session',
      '/api/v1/session',
      '/api/v1/session/userinfo',
      '/api/v1/settings',
      '/api/version',
    ];
    expect(open.sort()).toEqual(expected);
  });
});

describe('routePath', () => {
  it('encodes values', () => {
    expect(routePath(applicationRoutes.sync, { name: 'a/b c' })).toBe('/api/v1/applications/a%2Fb%20c/sync');
  });

  it('refuses to leave a value out', () => {
    expect(() => routePath(applicationRoutes.get, {})).toThrow(/needs a value for "name"/);
  });
});

describe('listOf', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['a', ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  ])('%j is %j', (value, expected) => {
    expect(listOf(value)).toEqual(expected);
  });
});
