/** Clusters: register, change, remove, ask again (N09). Nothing is written before the cluster has answered. */
import { isDeepStrictEqual } from 'node:util';
import { type ClusterBody, type clusterRoutes, listOf } from '@tiphys/api-contract';
import { kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { ANNOTATIONS, type KubernetesObject, LABELS } from '@tiphys/model';
import { type Cluster, parseClusters, toSecretRecord } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import { checkConnection, rememberCheck } from './connection.js';
import { type ClusterDeps, findForUse, requireUse } from './deps.js';
import { type ClusterRecord, isManagedByUs, recordOfBody, recordOfSecret, toSecret, withFields } from './record.js';
import { shownCluster } from './views.js';

type Routes = typeof clusterRoutes;

/** A cluster that is registered equally is answered as created; a different one needs `upsert`. */
export function createCreateCluster(deps: ClusterDeps): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, context) => {
    const wanted = recordOfBody(body);
    const { server, project } = wanted;
    requireUse(deps, context.user, { action: 'create', server, project });
    const known = deps.settings.clusters().find((cluster) => cluster.server === server);
    if (known?.secretName === undefined) return write(deps, context, { record: wanted });
    const existing = await readSecret(deps, known.secretName, context.signal);
    const current = recordOfSecret(existing);
    if (isEqual(current, wanted)) return shownCluster(deps, known);
    if (query.upsert !== true) {
      const text = 'existing cluster spec is different, use upsert flag to force update';
      throw new ApiError('invalidArgument', text);
    }
    requireUse(deps, context.user, { action: 'update', server, project: known.project });
    requireUse(deps, context.user, { action: 'update', server, project });
    return write(deps, context, { record: wanted, existing });
  };
}

function isEqual(current: ClusterRecord, { labels: _labels, annotations: _annotations, ...wanted }: ClusterRecord) {
  const { labels: _ownLabels, annotations: _ownAnnotations, ...own } = current;
  return isDeepStrictEqual(own, wanted);
}

/** Rights are needed in the project that the cluster is in and in the one it goes to; its address never changes (S19). */
export function createUpdateCluster(deps: ClusterDeps): Handler<Routes['update']['schemas']> {
  return async ({ params, query, body }, context) => {
    const address = { id: params.id, type: query['id.type'] };
    const cluster = findForUse(deps, context.user, { ...address, action: 'update' });
    const { server, secretName } = cluster;
    const wanted = recordOfBody({ ...body, server: body.server || server });
    if (wanted.server !== server) {
      throw new ApiError('invalidArgument', `server cannot change from ${server}; register the new address instead`);
    }
    const existing = secretName === undefined ? undefined : await readSecret(deps, secretName, context.signal);
    const current = existing === undefined ? recordOfBody({ server, name: cluster.name }) : recordOfSecret(existing);
    const record = withFields(current, wanted, listOf(query.updatedFields));
    for (const project of new Set([current.project, record.project])) {
      requireUse(deps, context.user, { action: 'update', server, project });
    }
    return write(deps, context, existing === undefined ? { record } : { record, existing });
  };
}

interface Write {
  readonly record: ClusterRecord;
  readonly existing?: KubernetesObject;
}

async function write(deps: ClusterDeps, context: RequestContext, { record, existing }: Write): Promise<ClusterBody> {
  const { user, signal } = context;
  const check = await checkConnection(deps, record, signal);
  const written = await storeSecret(deps, toSecret(record, deps.namespace, existing), signal);
  await rememberCheck(deps, record.server, check);
  deps.log.info('cluster registered', { user: user.username, server: record.server, security: 2 });
  const [cluster] = parseClusters([toSecretRecord(written)], { inClusterEnabled: true }).settings.filter(
    ({ secretName }) => secretName === written.metadata.name,
  );
  if (cluster === undefined) throw new ApiError('internal', 'the cluster was written but cannot be read');
  return shownCluster(deps, cluster);
}

/** Creates, or replaces the version that was read. */
export async function storeSecret(
  { kube, observe }: Pick<ClusterDeps, 'kube' | 'observe'>,
  secret: KubernetesObject,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const options = { fieldManager: API_SERVER_MANAGER, signal };
  const isNew = secret.metadata.resourceVersion === undefined;
  try {
    const written = await (isNew
      ? kube.create(RESOURCES.secrets, secret, options)
      : kube.replace(RESOURCES.secrets, secret, options));
    observe('secrets', written);
    return written;
  } catch (error) {
    if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
    throw new ApiError('alreadyExists', `the Secret ${secret.metadata.name} exists already; remove it or edit it`);
  }
}

export async function readSecret(
  { kube, namespace }: ClusterDeps,
  name: string,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const secret = await kube.get(RESOURCES.secrets, { namespace, name }, signal);
  if (secret === undefined) throw new ApiError('aborted', 'the cluster was removed meanwhile; try again');
  return secret;
}

/** A Secret that another tool manages stays; it is only taken off the list of clusters. */
export function createDeleteCluster(deps: ClusterDeps): Handler<Routes['delete']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const address = { id: params.id, type: query['id.type'] };
    const { server, secretName } = findForUse(deps, user, { ...address, action: 'delete' });
    if (secretName === undefined) {
      const text = `${server} is built in; set cluster.inClusterEnabled: "false" in argocd-cm to do without it`;
      throw new ApiError('invalidArgument', text);
    }
    const secret = await readSecret(deps, secretName, signal);
    const { uid, labels = {} } = secret.metadata;
    if (isManagedByUs(secret)) {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const key = { namespace: deps.namespace, name: secretName };
      await deps.kube.delete(RESOURCES.secrets, key, { ...preconditions, signal });
    } else {
      const { [LABELS.secretType]: _type, ...others } = labels;
      const unlisted = { ...secret, metadata: { ...secret.metadata, labels: others } };
      await deps.kube.replace(RESOURCES.secrets, unlisted, { fieldManager: API_SERVER_MANAGER, signal });
    }
    deps.log.info('cluster removed', { user: user.username, server, security: 2 });
    return {};
  };
}

/**
 * Asks the cluster again and answers what it says; a cluster that does not answer is shown as failed. The annotation on its
 * Secret makes the controller drop what it knows of the cluster and read it anew, as Argo CD's does (H10); the built-in
 * cluster has no Secret, and is only asked.
 */
export function createInvalidateCache(deps: ClusterDeps): Handler<Routes['invalidateCache']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const address = { id: params.id, type: query['id.type'] };
    const cluster = findForUse(deps, user, { ...address, action: 'update' });
    await rememberCheck(deps, cluster.server, await attempt(deps, cluster, signal));
    if (cluster.secretName !== undefined) await requestRefresh(deps, cluster.secretName, signal);
    return shownCluster(deps, cluster);
  };
}

async function requestRefresh(deps: ClusterDeps, name: string, signal: AbortSignal): Promise<void> {
  const target = { resource: RESOURCES.secrets, namespace: deps.namespace, name, type: 'merge' } as const;
  const patch = { metadata: { annotations: { [ANNOTATIONS.refresh]: deps.clock.now().toISOString() } } };
  const patched = await deps.kube.patch(target, patch, { fieldManager: API_SERVER_MANAGER, signal });
  deps.observe('secrets', patched);
}

async function attempt(deps: ClusterDeps, { server, name, secretName }: Cluster, signal: AbortSignal) {
  const config = secretName === undefined ? {} : recordOfSecret(await readSecret(deps, secretName, signal)).config;
  try {
    return await checkConnection(deps, { server, name, config }, signal);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const attemptedAt = deps.clock.now().toISOString();
    return { serverVersion: '', status: 'Failed', message: error.message, attemptedAt } as const;
  }
}
