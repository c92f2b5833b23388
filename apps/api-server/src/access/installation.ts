/** An installation with a user for every row of the matrix, and objects in two projects. */
import { type RouteContract, type RoutePermission, routePath } from '@tiphys/api-contract';
import type { AppProject } from '@tiphys/model';
import { createEnforcer, parseRbacSettings } from '@tiphys/rbac';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  type SharedControlPlane,
  type SharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { startTestApp, type TestApp } from '../testing/test-app.js';
import {
  applicationSetSpec,
  applicationSpec,
  clusterUrl,
  exampleOf,
  type Place,
  repositoryUrl,
  templateUrl,
} from './examples.js';

type Guarded = RouteContract & { readonly access: RoutePermission };

export const INSTALLATION_ROLES = ['nobody', 'readonly', 'member', 'stranger', 'admin', 'denied'] as const;
type Role = (typeof INSTALLATION_ROLES)[number];

const EVERYTHING = (user: string) => `p, ${user}, *, *, *, allow`;
const ROLE_LINES = [
  'g, readonly, role:readonly',
  'g, admin, role:admin',
  ...['g, member, proj:own:dev', 'g, stranger, proj:other:dev'],
  ...[EVERYTHING('denied'), 'p, denied, *, *, own/*, deny', 'p, denied, *, *, own, deny'],
];
/** Roles of projects that are not written through the API may have any pattern. */
const projectRoles = (project: string) => [{ name: 'dev', policies: [`p, proj:${project}:dev, *, *, *, allow`] }];

const slug = ({ operationId }: RouteContract) => operationId.toLowerCase().replace('_', '-');

/** What the contract says must be permitted: the action, also where it is about a resource below the object. */
export function declaredLines({ access }: Guarded): readonly string[] {
  return [access.action, `${access.action}/*`].map((action) => `${access.resource}, ${action}`);
}

/** Whoever acts on an application, or reads its logs, must be able to see it (N21). */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  applications: ['applications, get'],
  applicationsets: ['applicationsets, get'],
  logs: ['applications, get'],
  repositories: ['repositories, get', 'applications, create', 'applications, get'],
  'write-repositories': ['write-repositories, get'],
  clusters: ['clusters, get'],
  projects: ['projects, get'],
};

function linesOf(route: Guarded): readonly string[] {
  const [but, just] = [`but-${slug(route)}`, `just-${slug(route)}`];
  const also = ALSO[route.access.resource] ?? [];
  return [
    EVERYTHING(but),
    ...declaredLines(route).map((line) => `p, ${but}, ${line}, *, deny`),
    ...[...declaredLines(route), ...also].map((line) => `p, ${just}, ${line}, *, allow`),
  ];
}

const projectOf = (place: string): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: place } },
  spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], roles: projectRoles(place) },
});
const projects = { own: projectOf('own'), other: projectOf('other') };
const enforcer = createEnforcer(parseRbacSettings({ 'policy.csv': ROLE_LINES.join('\n') }));

/** What else an operation asks for before it does anything, of applications of the project. */
const BESIDES: Readonly<Record<string, readonly string[]>> = {
  RepositoryService_GetAppDetails: ['get', 'create'],
  RepositoryService_ListApps: ['create'],
};

/** By the policy, which libs/rbac compares with Casbin. */
export function mayDo(role: Role, route: Guarded, place: Place): boolean {
  const object = exampleOf(route, { place, name: place })?.object ?? '';
  const action = /^(?:Patch|Delete|RunResource)Resource|RunResourceAction/.test(route.operationId.split('_')[1] ?? '')
    ? (`${route.access.action}/apps/Deployment/web/shop` as const)
    : route.access.action;
  const project = place === 'missing' ? undefined : projects[place];
  const allows = (resource: string, verb: string, name: string) =>
    enforcer.allows({ name: role, groups: [] }, { resource, action: verb, object: name }, project);
  const besides = BESIDES[route.operationId] ?? [];
  return (
    allows(route.access.resource, action, object) &&
    besides.every((verb) => allows('applications', verb, `${place}/new`))
  );
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Installation {
  ask(user: string, route: Guarded, place: Place): Promise<Answer>;
  /** How a list names the object of a project. */
  shownAs(route: Guarded, place: 'own' | 'other'): string;
  /** Patterns of all routes that the server has. */
  readonly routes: readonly string[];
  stop(): Promise<void>;
}

export async function startInstallation(
  plane: SharedControlPlane,
  redis: SharedRedis,
  routes: readonly Guarded[],
): Promise<Installation> {
  const tlsDir = temporaryDirectory('tls');
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  const namespace = await plane.createNamespace('access');
  const users = [...INSTALLATION_ROLES, ...routes.flatMap((route) => [`but-${slug(route)}`, `just-${slug(route)}`])];
  await seed(plane.client(), namespace, { routes, users });
  const server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const tokens = new Map(await Promise.all(users.map(async (user) => [user, await tokenOf(server, user)] as const)));
  return {
    ask: (user, route, place) =>
      send(server, route, { place, token: tokens.get(user) ?? '', name: nameOf(user, route, place) }),
    shownAs: (route, place) =>
      (route.tag === 'RepoCredsService' ? templateUrl : SHOWN[route.access.resource])?.(place) ?? place,
    routes: routePatterns(server),
    stop: async () => {
      await server.stop();
      removeDirectory(tlsDir);
    },
  };
}

/** From the tree that Fastify prints: each line continues the path of the line above it with less indentation. */
function routePatterns({ app }: TestApp): readonly string[] {
  const path: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part = '', methods] =
        /^([\s\u2502]*)[\u251c\u2514]\u2500\u2500 (\S+)( \(.*\))?$/.exec(line) ?? [];
      if (indent === undefined) return [];
      path.splice(indent.length / 4, Number.POSITIVE_INFINITY, part);
      return methods === undefined ? [] : [path.join('')];
    });
}

/** What is deleted is there for this user alone. */
function nameOf(user: string, route: Guarded, place: Place): string {
  return route.method === 'DELETE' && OWN_TO_DELETE.has(route.access.resource) && place !== 'missing'
    ? `${place}-${user}`
    : place;
}

const OWN_TO_DELETE: ReadonlySet<string> = new Set([
  ...['applications', 'applicationsets', 'clusters', 'repositories', 'write-repositories'],
]);

const SHOWN: Readonly<Record<string, (name: string) => string>> = {
  clusters: clusterUrl,
  repositories: repositoryUrl,
  'write-repositories': repositoryUrl,
};

async function tokenOf(server: TestApp, user: string): Promise<string> {
  const request = { subject: `${user}:login`, id: user, expiresInSeconds: 0 };
  return (await server.deps.accounts.tokens.issueToken(request)).token;
}

interface Sent {
  readonly place: Place;
  readonly name: string;
  readonly token: string;
}

async function send(server: TestApp, route: Guarded, { place, name, token }: Sent): Promise<Answer> {
  const example = exampleOf(route, { place, name });
  const query = new URLSearchParams(route.access.perItem === true ? {} : example?.query);
  const withBody = example?.body !== undefined && route.schemas.body !== undefined;
  const answer = await server.app.inject({
    method: route.method,
    url: `${routePath(route, example?.params ?? {})}?${query}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(withBody ? { payload: payloadOf(example.body, route) } : {}),
    payloadAsStream: true,
  });
  if (route.stream === true && answer.statusCode === 200) return { status: 200, text: '' };
  let text = '';
  for await (const chunk of answer.stream()) text += String(chunk);
  return { status: answer.statusCode, text };
}

function payloadOf(body: unknown, route: Guarded): string {
  if (route.bodyLines !== true || !Array.isArray(body)) return JSON.stringify(body);
  return body.map((line) => JSON.stringify(line)).join('\n');
}

interface Seeds {
  readonly routes: readonly Guarded[];
  readonly users: readonly string[];
}

async function seed(kube: KubeClient, namespace: string, { routes, users }: Seeds): Promise<void> {
  const accounts = ['own', 'other', ...users.filter((user) => user !== 'admin')];
  const settings = {
    'argocd-cm': Object.fromEntries(accounts.map((name) => [`accounts.${name}`, 'login'])),
    'argocd-rbac-cm': { 'policy.csv': [...ROLE_LINES, ...routes.flatMap(linesOf)].join('\n') },
  };
  const configMaps = Object.entries(settings).map(([name, data]) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
  }));
  const deleters = routes.filter((route) => nameOf('x', route, 'own') !== 'own');
  const objects = [
    ...configMaps,
    ...Object.values(projects).map((project) => project as unknown as KubeObject),
    ...(['own', 'other'] as const).flatMap((place) =>
      [...new Set(routes.map(({ access }) => access.resource))].flatMap((resource) =>
        objectsOf(resource, place, place),
      ),
    ),
    ...deleters.flatMap((route) => deletable(route)),
  ];
  const unique = new Map(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
  // A kind is found a moment after its definition is established.
  const [first] = objectsOf('applicationsets', 'own', 'first');
  if (first !== undefined) await eventually(() => kube.create(withNamespace(first, namespace)));
  await Promise.all([...unique.values()].map((object) => kube.create(withNamespace(object, namespace))));
}

function deletable(route: Guarded): readonly KubeObject[] {
  const users = [...INSTALLATION_ROLES, `but-${slug(route)}`, `just-${slug(route)}`];
  return (['own', 'other'] as const).flatMap((place) =>
    users.flatMap((user) => objectsOf(route.access.resource, place, nameOf(user, route, place))),
  );
}

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

const ARGO = 'argoproj.io/v1alpha1';

function objectsOf(resource: string, project: string, name: string): readonly KubeObject[] {
  switch (resource) {
    case 'applications':
      return [{ apiVersion: ARGO, kind: 'Application', metadata: { name }, spec: applicationSpec(project) }];
    case 'applicationsets':
      return [{ apiVersion: ARGO, kind: 'ApplicationSet', metadata: { name }, spec: applicationSetSpec(project) }];
    case 'clusters':
      return [secret('cluster', name, { server: clusterUrl(name), name, config: '{}', project })];
    case 'repositories':
      return [
        secret('repository', name, { url: repositoryUrl(name), type: 'git', project }),
        secret('repo-creds', name, { url: templateUrl(name), type: 'git' }),
      ];
    case 'write-repositories':
      return [
        secret('repository-write', name, { url: repositoryUrl(name), type: 'git', project }),
        secret('repo-write-creds', name, { url: templateUrl(name), type: 'git' }),
      ];
    default:
      return [];
  }
}

function secret(type: string, name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  const labels = { 'argocd.argoproj.io/secret-type': type };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${type}-${name}`, labels }, stringData };
}
