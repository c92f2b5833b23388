/** Writes of the sync engine through the destination's client; answers go into its cache at once (read-your-writes). */
import { applyResource, deleteResource } from '@tiphys/cluster';
import { ANNOTATIONS, GitOpsError, type ResourceKey } from '@tiphys/model';
import type { DestinationCluster, ResourceWriter } from '../ports.js';

/** Until the watch shows that an accepted deletion is under way, the next turn need not ask for it again. */
const DELETION_SEEN_MS = 3_000;

export function createResourceWriter(): ResourceWriter {
  const deletions = recentDeletions();
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
      if (deletions.isRecent(uid)) return;
      await deleteResource({ client: cluster.cache.client, resource, key, uid, propagation, signal });
      deletions.note(uid);
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

/** Uids whose deletion was accepted a moment ago. Forgotten soon: a finalizer of somebody may need another push. */
function recentDeletions() {
  const accepted = new Map<string, number>();
  return {
    isRecent(uid: string | undefined): boolean {
      for (const [known, at] of accepted) if (performance.now() - at > DELETION_SEEN_MS) accepted.delete(known);
      return uid !== undefined && accepted.has(uid);
    },
    note(uid: string | undefined): void {
      if (uid !== undefined) accepted.set(uid, performance.now());
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
