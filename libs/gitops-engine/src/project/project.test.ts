import type { Application, ApplicationSpec, AppProject, AppProjectSpec } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { checkApplicationAgainstProject, isDestinationPermitted, isSourcePermitted } from './check-project.js';
import { isResourcePermitted } from './resource-permission.js';

const SERVER = 'https://kubernetes.default.svc';
const project = (spec: AppProjectSpec): AppProject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'team' },
  spec,
});
const app = (spec: Partial<ApplicationSpec>): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'a' },
  spec: {
    project: 'team',
    destination: { server: SERVER, namespace: 'ns' },
    source: { repoURL: 'https://host/org/app', path: '.' },
    ...spec,
  },
});
const OPEN = project({ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] });
const messages = (spec: Partial<ApplicationSpec>, against = OPEN) =>
  checkApplicationAgainstProject(app(spec), against).map(({ type, message }) => {
    expect(type).toBe('InvalidSpecError');
    return message;
  });

describe('sources (F01)', () => {
  it.each([
    ['every repository', ['*'], 'https://host/org/app', true],
    ['nothing', [], 'https://host/org/app', false],
    ['one repository, with or without .git', ['https://host/org/app.git'], 'https://host/org/app', true],
    ['one repository, not those whose name goes on', ['https://host/org/app'], 'https://host/org/app-two', false],
    ['an organization', ['https://host/org/*'], 'https://host/org/app', true],
    ['an organization, not the groups below it', ['https://host/org/*'], 'https://host/org/deep/app', false],
    ['an organization with all groups below it', ['https://host/org/**'], 'https://host/org/deep/app', true],
    [
      'all but a denied one, however it is written',
      ['*', '!https://host/org/secret'],
      'https://me@HOST:443/Org/Secret.git/',
      false,
    ],
    ['all but a denied one', ['*', '!https://host/org/secret'], 'https://host/org/secret', false],
    ['all but a denied one, otherwise', ['*', '!https://host/org/secret'], 'https://host/org/app', true],
    ['a denial alone, which permits nothing', ['!https://host/x'], 'https://host/org/app', false],
    ['ssh in its short form', ['git@host:org/*'], 'ssh://git@host/org/app.git', true],
    ['another host case', ['https://HOST/org/app'], 'https://host/org/app', true],
  ])('a project that permits %s', (...[, sourceRepos, repoURL, expected]) => {
    expect(isSourcePermitted(project({ sourceRepos }), repoURL)).toBe(expected);
  });
  it('are checked one by one, also of a hydrated application', () => {
    const only = project({ sourceRepos: ['https://host/dry'], destinations: [{ server: '*', namespace: '*' }] });
    const sources = [
      { repoURL: 'https://host/dry', path: '.' },
      { repoURL: 'https://host/wet', path: '.' },
    ];
    expect(messages({ sources }, only)).toEqual([
      "application repo https://host/wet is not permitted in project 'team'; add it to the project's sourceRepos",
    ]);
    const drySource = { repoURL: 'https://host/dry', targetRevision: 'main', path: '.' };
    const sourceHydrator = { drySource, syncSource: { repoURL: 'https://host/wet', targetBranch: 'env', path: '.' } };
    expect(messages({ sourceHydrator }, only)).toHaveLength(1);
  });
  it('of a repository that belongs to the project are permitted (F07)', () => {
    const none = project({ sourceRepos: [], destinations: [{ server: '*', namespace: '*' }] });
    const projectRepositories = ['https://host/org/app.git'];
    expect(checkApplicationAgainstProject(app({}), none, { projectRepositories })).toEqual([]);
  });
});

describe('destinations (F02)', () => {
  const at = (namespace: string, server: string | undefined = SERVER, name: string | undefined = undefined) => ({
    server,
    name,
    namespace,
  });
  it.each([
    ['by server and namespace', [{ server: SERVER, namespace: 'ns' }], at('ns'), true],
    ['in another namespace', [{ server: SERVER, namespace: 'ns' }], at('other'), false],
    ['by namespace glob', [{ server: '*', namespace: 'team-*' }], at('team-a'), true],
    ['by cluster name', [{ name: 'prod-*', namespace: '*' }], at('ns', undefined, 'prod-1'), true],
    ['by another cluster name', [{ name: 'prod-*', namespace: '*' }], at('ns', SERVER, 'dev'), false],
    [
      'in a denied namespace',
      [
        { server: '*', namespace: '*' },
        { server: '*', namespace: '!kube-system' },
      ],
      at('kube-system'),
      false,
    ],
    [
      'beside a denied namespace',
      [
        { server: '*', namespace: '*' },
        { server: '*', namespace: '!kube-system' },
      ],
      at('ns'),
      true,
    ],
    [
      'on a denied server',
      [
        { server: '*', namespace: '*' },
        { server: `!${SERVER}`, namespace: '*' },
      ],
      at('ns'),
      false,
    ],
    ['with no rules at all', [], at('ns'), false],
    ['with a denial alone, which permits nothing', [{ server: '*', namespace: '!kube-system' }], at('ns'), false],
    [
      'in a namespace that is denied beside another server: a denial counts everywhere, as in Argo CD',
      [
        { server: '*', namespace: '*' },
        { server: 'https://elsewhere', namespace: '!kube-*' },
      ],
      at('kube-system'),
      false,
    ],
    [
      'on a cluster that is denied by name',
      [
        { server: '*', namespace: '*' },
        { name: '!prod-*', namespace: '*' },
      ],
      at('ns', SERVER, 'prod-1'),
      false,
    ],
    [
      'on a cluster beside one that is denied by name',
      [
        { server: '*', namespace: '*' },
        { name: '!prod-*', namespace: '*' },
      ],
      at('ns', SERVER, 'dev'),
      true,
    ],
  ])('%s', (...[, destinations, destination, expected]) => {
    expect(isDestinationPermitted(project({ destinations }), destination)).toBe(expected);
  });
  it('by name are also matched by the server of that cluster', () => {
    const bySever = project({ sourceRepos: ['*'], destinations: [{ server: SERVER, namespace: '*' }] });
    const named = app({ destination: { name: 'in-cluster', namespace: 'ns' } });
    expect(checkApplicationAgainstProject(named, bySever)).toHaveLength(1);
    expect(checkApplicationAgainstProject(named, bySever, { destination: at('ns', SERVER, 'in-cluster') })).toEqual([]);
  });
});

describe('the spec itself', () => {
  it.each<[string, Partial<ApplicationSpec>, string | undefined]>([
    ['is complete', {}, undefined],
    ['has no source', { sources: [], source: { repoURL: '' } }, 'spec.source.repoURL is missing'],
    ['has no path', { source: { repoURL: 'https://h/r' } }, 'either path or chart are required'],
    [
      'has path and chart',
      { source: { repoURL: 'https://h/r', path: '.', chart: 'c' } },
      'path and chart are both set',
    ],
    ['has a chart without a version', { source: { repoURL: 'https://h/r', chart: 'c' } }, 'a chart needs a version'],
    ['has a source for values only', { sources: [{ repoURL: 'https://h/r', ref: 'values' }] }, undefined],
    ['has no destination', { destination: { namespace: 'ns' } }, 'Destination server missing'],
    ['has two destinations', { destination: { server: SERVER, name: 'x' } }, "can't have both name and server"],
  ])('%s', (_, spec, message) => {
    const found = messages(spec);
    if (message === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringContaining(message)]);
  });
});

describe('kinds (F03)', () => {
  const destinations = [{ server: '*', namespace: 'team-*' }];
  const destination = { server: SERVER, name: undefined, namespace: 'team-a' };
  const key = (kind: string, namespace = 'team-a', group = '') => ({ group, kind, namespace, name: 'x' });
  it.each<[string, AppProjectSpec, ReturnType<typeof key>, boolean]>([
    ['namespaced kinds are permitted', {}, key('ConfigMap'), true],
    ['cluster-scoped kinds are not', {}, key('Namespace', ''), false],
    [
      'listed cluster-scoped kinds are',
      { clusterResourceWhitelist: [{ group: '', kind: 'Name*' }] },
      key('Namespace', ''),
      true,
    ],
    [
      'a name restricts the entry',
      { clusterResourceWhitelist: [{ group: '', kind: '*', name: 'team-*' }] },
      key('Namespace', ''),
      false,
    ],
    [
      'the cluster blacklist wins',
      {
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
        clusterResourceBlacklist: [{ group: '', kind: 'Namespace' }],
      },
      key('Namespace', ''),
      false,
    ],
    [
      'a namespace blacklist denies',
      { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
      key('Secret'),
      false,
    ],
    [
      'a namespace whitelist denies the rest',
      { namespaceResourceWhitelist: [{ group: 'apps', kind: '*' }] },
      key('Secret'),
      false,
    ],
    ['an empty namespace whitelist denies all', { namespaceResourceWhitelist: [] }, key('Secret'), false],
    ['a namespace outside the destinations is denied', {}, key('ConfigMap', 'kube-system'), false],
  ])('%s', (...[, spec, resource, expected]) => {
    const query = { key: resource, clusterScoped: resource.namespace === '', destination };
    expect(isResourcePermitted(project({ destinations, ...spec }), query)).toBe(expected);
  });
});

describe('source namespaces (F04)', () => {
  const inNamespace = (namespace: string | undefined, sourceNamespaces?: string[]) => {
    const { metadata, ...rest } = app({});
    const of = { ...rest, metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) } };
    const against = project({ ...OPEN.spec, ...(sourceNamespaces === undefined ? {} : { sourceNamespaces }) });
    return checkApplicationAgainstProject(of, against, { controlPlaneNamespace: 'argocd' });
  };

  it.each([
    ['the control-plane namespace needs no entry', 'argocd', undefined],
    ['no namespace means the control-plane namespace', undefined, undefined],
    ['a glob permits', 'team-a', ['team-*']],
    ['an expression permits', 'team-a', ['/^team-.$/']],
  ])('%s', (_, namespace, patterns) => expect(inNamespace(namespace, patterns)).toEqual([]));

  it.each([
    ['nothing is permitted without a list', 'team-a', undefined],
    ['another namespace is not permitted', 'team-b', ['team-a']],
  ])('%s', (_, namespace, patterns) => {
    const message = `application 'a' in namespace '${namespace}' is not permitted to use project 'team'; add the namespace to the project's sourceNamespaces`;
    expect(inNamespace(namespace, patterns)).toEqual([{ type: 'InvalidSpecError', message }]);
  });
});
