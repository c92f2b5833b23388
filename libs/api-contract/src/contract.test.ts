/** The surface as a whole: what generated clients of Argo CD rely on. */
import { describe, expect, it } from 'vitest';
import { allRoutes as routes } from './all-routes.js';
import { applicationRoutes, listOf, type RouteContract, routePath } from './index.js';
import * as surface from './surface.js';
import { ARGO_CD_OPERATIONS } from './testing/argo-cd-operations.js';

describe('routes', () => {
  it('are declared once per method and path, and have an operation id of their own', () => {
    const unique = (texts: readonly string[]) => new Set(texts).size;
    expect(unique(routes.map(({ method, path }) => `${method} ${path}`))).toBe(routes.length);
    expect(unique(routes.map(({ operationId }) => operationId))).toBe(routes.length);
  });

  it('are all in the list, whichever group they are declared in', () => {
    const declared = Object.entries(surface).flatMap(([name, group]) =>
      name.endsWith('Routes') ? Object.values(group as Readonly<Record<string, RouteContract>>) : [],
    );
    expect(new Set(routes)).toEqual(new Set(declared));
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

  it('without a session: login in all its ways, logout, who am I, version, settings', () => {
    const open = routes.filter((route) => route.access === 'public').map(({ path }) => path);
    const expected = [
      '/api/v1/session',
      '/api/v1/session',
      '/api/v1/session/device',
      '/api/v1/session/device/token',
      '/api/v1/session/exchange',
      '/api/v1/session/userinfo',
      '/api/v1/settings',
      '/api/version',
    ];
    expect(open.sort()).toEqual(expected);
  });
});

describe('the surface of Argo CD (N01-N16)', () => {
  const normalized = (path: string) => path.replace(/\{[^}]+\}/g, '{}');
  const keyOf = ({ method, path }: Pick<RouteContract, 'method' | 'path'>) => `${method} ${normalized(path)}`;
  const byKey = new Map(routes.map((route) => [keyOf(route), route]));
  const fieldsOf = (schema: unknown) => Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});

  it('has 106 operations on 82 paths', () => {
    expect(ARGO_CD_OPERATIONS).toHaveLength(106);
    expect(new Set(ARGO_CD_OPERATIONS.map(({ path }) => path)).size).toBe(82);
  });

  it.each(ARGO_CD_OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
    '%s is there with its name, parameters and fields',
    (_, operation) => {
      const route = byKey.get(`${operation.method} ${normalized(operation.path)}`);
      expect(route?.operationId).toBe(operation.operationId);
      const missing = (wanted: readonly string[], schema: unknown) =>
        wanted.filter((name) => !fieldsOf(schema).includes(name));
      expect(missing(operation.query, route?.schemas.query)).toEqual([]);
      const { items, ...body } = (route?.schemas.body ?? {}) as { items?: object };
      expect(missing(operation.body ?? [], items ?? body)).toEqual([]);
    },
  );

  it('and nothing beside it that is not meant to be', () => {
    const known = new Set(ARGO_CD_OPERATIONS.map(({ operationId }) => operationId));
    const own = routes.filter(({ operationId }) => !known.has(operationId)).map(({ operationId }) => operationId);
    expect(own.sort()).toEqual([
      'SessionService_DecideDeviceLogin',
      'SessionService_DeviceToken',
      'SessionService_ExchangeToken',
      'SessionService_StartDeviceLogin',
    ]);
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
