/** Writes of the sync engine through the destination's client; answers go into its cache at once (read-your-writes). */
import { applyResource, deleteResource } from '@tiphys/cluster';
import { ANNOTATIONS, GitOpsError, type ResourceKey } from '@tiphys/model';
import type { DestinationCluster, ResourceWriter } from '../ports.js';

export function createResourceWriter(): ResourceWriter {
  return {
    async apply(cluster, object, options) {
      const { client, discovery } = cluster.cache;
      const { object: answer } = await applyResource({
        client,
        discovery,
        object,
        live: options.live,
        options: {
          serverSideApply: options.serverSide,
          clientSideApplyMigration: options.migrateClientSideApply,
          migrationManager: object.metadata.annotations?.[ANNOTATIONS.clientSideApplyMigrationManager],
          replace: options.replace,
          force: options.force,
          validate: options.validate,
          dryRun: options.dryRun,
        },
        signal: options.signal,
      });
      if (!options.dryRun) cluster.cache.observe(answer);
      return answer;
    },
    async prune(cluster, key, { propagation, uid, signal }) {
      const resource = await resolve(cluster, key, signal);
      await deleteResource({ client: cluster.cache.client, resource, key, uid, propagation, signal });
    },
    async removeFinalizer(cluster, key, { finalizer, signal }) {
      const { client } = cluster.cache;
      const resource = await resolve(cluster, key, signal);
      const live = await client.get(resource, key, signal);
      const finalizers = live?.metadata.finalizers ?? [];
      if (live === undefined || !finalizers.includes(finalizer)) return live;
      const { resourceVersion } = live.metadata;
      const metadata = { resourceVersion, finalizers: finalizers.filter((entry) => entry !== finalizer) };
      const target = { resource, namespace: key.namespace, name: key.name, type: 'merge' } as const;
      const answer = await client.patch(target, { metadata }, { fieldManager: 'argocd-controller', signal });
      cluster.cache.observe(answer);
      return answer;
    },
  };
}

async function resolve({ cache, server }: DestinationCluster, key: ResourceKey, signal: AbortSignal) {
  const resource = await cache.discovery.ensure(key, signal);
  if (resource !== undefined) return resource;
  throw new GitOpsError(
    'NotFound',
    `cluster ${server} does not serve ${key.group}/${key.kind}; install its CustomResourceDefinition first`,
  );
}
