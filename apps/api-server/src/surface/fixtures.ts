/** Objects that single cases need: each is new, made as admin. */
import { eventually, type KubeObject } from '@tiphys/testing';
import { operations } from './operations.js';
import type { World } from './world.js';

/** Throws unless it succeeds. */
export async function asAdmin(world: World, operationId: string, input: Parameters<World['client']['call']>[1]) {
  const route = operations.get(operationId);
  if (route === undefined) throw new Error(`the contract has no ${operationId}`);
  const answer = await world.client.call(route, input, world.callers.admin);
  if (answer.status !== 200) throw new Error(`${operationId}: ${answer.status} ${answer.text}`);
  return answer;
}

export function applicationBody(world: World, name: string, source: object = {}) {
  return {
    // The controller leaves it alone: what a case writes into it stays.
    metadata: { name, annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } },
    spec: {
      project: 'team',
      source: { repoURL: world.sources.shop, path: 'web', ...source },
      destination: { server: 'https://kubernetes.default.svc', namespace: world.target },
    },
  };
}

/** A new application that the controller leaves alone; `state` is merged into the object. */
export async function application(world: World, state?: object): Promise<string> {
  const name = world.fresh('case');
  await asAdmin(world, 'ApplicationService_Create', { body: applicationBody(world, name) });
  if (state !== undefined) await world.kube.patch(applicationPath(world, name), state);
  return name;
}

export function applicationPath(world: World, name: string): string {
  return `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/applications/${name}`;
}

export const RUNNING = {
  operation: { sync: {} },
  status: { operationState: { phase: 'Running', operation: { sync: {} }, startedAt: '2026-01-01T00:00:00Z' } },
};

export function applicationSetBody(world: World, name: string, spec: object = {}) {
  const template = { metadata: { name: `{{env}}-${name}` }, spec: applicationBody(world, '').spec };
  return { metadata: { name }, spec: { generators: [{ list: { elements: [{ env: 'dev' }] } }], template, ...spec } };
}

export async function applicationSet(world: World): Promise<string> {
  const name = world.fresh('case');
  await asAdmin(world, 'ApplicationSetService_Create', { body: applicationSetBody(world, name) });
  return name;
}

export async function project(world: World, spec: object = {}): Promise<string> {
  const name = world.fresh('case');
  const body = { project: { metadata: { name }, spec: { roles: [{ name: 'dev' }], ...spec } } };
  await asAdmin(world, 'ProjectService_Create', { body });
  return name;
}

/** A registered cluster that nothing answers for; its Secret is made beside the API, which would ask it. */
export async function cluster(world: World): Promise<string> {
  const name = world.fresh('case');
  const server = `https://${name}.invalid`;
  await labelled(world, 'cluster', { name, server, config: '{}' });
  await untilShown(world, 'ClusterService_Get', { id: server });
  return server;
}

/** A cluster that answers, under another address. */
export function clusterBody(world: World, name: string) {
  const { plane } = world;
  const address = plane.server.replace('127.0.0.1', 'localhost');
  const tlsClientConfig = { caData: plane.caData, serverName: '127.0.0.1' };
  return { name, server: address, config: { bearerToken: plane.adminToken, tlsClientConfig } };
}

async function labelled(world: World, type: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  await world.kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: {
      ...{ name: world.fresh('case'), namespace: world.namespace },
      labels: { 'argocd.argoproj.io/secret-type': type },
    },
    stringData,
  } as KubeObject);
}

async function untilShown(world: World, operationId: string, params: Readonly<Record<string, string>>): Promise<void> {
  await eventually(() => asAdmin(world, operationId, { params }), { description: `${operationId} of what was made` });
}

/** Of a host that does not exist: such repositories are registered without a test only for a project. */
export const absentRepository = (world: World) => `https://git.invalid/${world.fresh('case')}.git`;

export async function repository(world: World, path: 'Repository' | 'WriteRepository'): Promise<string> {
  const url = absentRepository(world);
  await asAdmin(world, `RepositoryService_Update${path}`, { params: { repo: url }, body: { repo: url } });
  return url;
}

export async function template(world: World, write: '' | 'Write'): Promise<string> {
  const url = absentRepository(world);
  const body = { url, username: 'robot', password: world.canaries.plant('password of a template in a request') };
  await asAdmin(world, `RepoCredsService_Create${write}RepositoryCredentials`, { body });
  return url;
}
