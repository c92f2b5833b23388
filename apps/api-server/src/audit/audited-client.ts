/** The Kubernetes client as requests use it: every write leaves a trace in the request's scope, whoever wrote the route. */
import { type ApiResource, type KubeClient, RESOURCES } from '@tiphys/cluster';
import type { KubernetesObject } from '@tiphys/model';
import { currentScope, type ObjectChange } from './scope.js';

interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads are remembered until the request ends, so that a write knows what it replaces without asking again: who replaces or
 * patches an object has read it. Dry runs and Events are no changes.
 */
export function auditedClient(client: KubeClient): KubeClient {
  return {
    ...client,
    get: async (resource, key, signal) => {
      const object = await client.get(resource, key, signal);
      if (object !== undefined) currentScope()?.reads.set(keyOf(resource, key), object);
      return object;
    },
    create: async (resource, object, options) => {
      const after = await client.create(resource, object, options);
      if (options.dryRun !== true) note(resource, { before: undefined, after });
      return after;
    },
    replace: async (resource, object, options) => {
      const after = await client.replace(resource, object, options);
      if (options.dryRun !== true) note(resource, { before: readOf(resource, nameOf(object)), after });
      return after;
    },
    patch: async (target, body, options) => {
      const after = await client.patch(target, body, options);
      if (options.dryRun !== true) note(target.resource, { before: readOf(target.resource, target), after });
      return after;
    },
    delete: async (resource, key, options) => {
      await client.delete(resource, key, options);
      if (options.dryRun !== true)
        note(resource, { before: readOf(resource, key) ?? bare(resource, key), after: undefined });
    },
    as: (user) => auditedClient(client.as(user)),
  };
}

function note(resource: ApiResource, change: ObjectChange): void {
  const scope = currentScope();
  if (scope === undefined || resource.resource === RESOURCES.events.resource) return;
  scope.changes.push(change);
  // A later write of the same request replaces what this one left.
  const { after } = change;
  if (after !== undefined) scope.reads.set(keyOf(resource, nameOf(after)), after);
}

function readOf(resource: ApiResource, key: ObjectName): KubernetesObject | undefined {
  return currentScope()?.reads.get(keyOf(resource, key));
}

function keyOf({ group, resource }: ApiResource, { namespace, name }: ObjectName): string {
  return `${group}/${resource}/${namespace}/${name}`;
}

function nameOf({ metadata: { namespace = '', name = '' } }: KubernetesObject): ObjectName {
  return { namespace, name };
}

function bare({ group, version, kind }: ApiResource, { namespace, name }: ObjectName): KubernetesObject {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { apiVersion, kind, metadata: { namespace, name } };
}
