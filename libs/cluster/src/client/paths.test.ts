import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../resources.js';
import { queryString, resourcePath } from './paths.js';

describe('resourcePath', () => {
  it.each([
    {
      name: 'core, namespaced',
      resource: RESOURCES.secrets,
      path: { namespace: 'a', name: 'b' },
      expected: '/api/v1/namespaces/a/secrets/b',
    },
    { name: 'all namespaces', resource: RESOURCES.secrets, path: { namespace: '' }, expected: '/api/v1/secrets' },
    {
      name: 'cluster-scoped, whatever namespace is given',
      resource: RESOURCES.namespaces,
      path: { namespace: 'x', name: 'n' },
      expected: '/api/v1/namespaces/n',
    },
    {
      name: 'group and subresource',
      resource: RESOURCES.applications,
      path: { namespace: 'a', name: 'b', subresource: 'status' },
      expected: '/apis/argoproj.io/v1alpha1/namespaces/a/applications/b/status',
    },
    {
      name: 'a name cannot leave its segment',
      resource: RESOURCES.configMaps,
      path: { namespace: 'a', name: '../secrets/x?y' },
      expected: '/api/v1/namespaces/a/configmaps/..%2Fsecrets%2Fx%3Fy',
    },
  ])('$name', ({ resource, path, expected }) => {
    expect(resourcePath(resource, path)).toBe(expected);
  });
});

describe('queryString', () => {
  it('encodes values and leaves out what is not set', () => {
    expect(queryString({ labelSelector: 'a=b,c', limit: 5, dryRun: undefined, force: false })).toBe(
      '?labelSelector=a%3Db%2Cc&limit=5',
    );
    expect(queryString({})).toBe('');
  });
});
