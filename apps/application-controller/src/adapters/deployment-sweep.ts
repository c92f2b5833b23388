/**
 * Removes what is kept of Applications of other namespaces (A31) once they are gone. Kubernetes collects the Secrets of its
 * own namespace by their owner reference; an owner in another namespace does not exist for it.
 */
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { isGitOpsError, type KubernetesObject, LABELS, parseAppKey } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { APPLICATION_ANNOTATION } from './deployments.js';

export interface DeploymentSweepOptions {
  readonly client: Pick<KubeClient, 'get' | 'request' | 'delete'>;
  /** Where the Secrets are. */
  readonly namespace: string;
  readonly log: Logger;
}

export interface DeploymentSweep {
  /**
   * Removes the deployments without owner whose Application is not there any more; those of one uid, or of all.
   * Whether it is there is asked of the API server, for a watch may be behind. Never throws: the next start sweeps again.
   */
  sweep(signal: AbortSignal, uid?: string): Promise<void>;
}

/** Only names: the manifests themselves may be many MiB. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PAGE = 500;

interface MetadataPage {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly Pick<KubernetesObject, 'metadata'>[];
}

export function createDeploymentSweep({ client, namespace, log }: DeploymentSweepOptions): DeploymentSweep {
  const isGone = async ({ metadata }: Pick<KubernetesObject, 'metadata'>, signal: AbortSignal): Promise<boolean> => {
    const { [APPLICATION_ANNOTATION]: key = '' } = metadata.annotations ?? {};
    if (!/^[^/]+\/[^/]+$/.test(key)) return false;
    const owner = await client.get(RESOURCES.applications, parseAppKey(key), signal);
    return owner?.metadata.uid !== metadata.labels?.[LABELS.deploymentOf];
  };
  const removeOne = async (name: string, signal: AbortSignal): Promise<void> => {
    try {
      await client.delete(RESOURCES.secrets, { namespace, name }, { signal });
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'NotFound') throw error;
    }
  };
  const sweepPage = async (page: MetadataPage, signal: AbortSignal): Promise<number> => {
    let removed = 0;
    for (const secret of page.items ?? []) {
      if ((secret.metadata.ownerReferences ?? []).length > 0 || !(await isGone(secret, signal))) continue;
      await removeOne(secret.metadata.name ?? '', signal);
      removed += 1;
    }
    return removed;
  };
  return {
    async sweep(signal, uid) {
      try {
        let removed = 0;
        let next = '';
        do {
          const page = await listPage(client, { namespace, uid, next, signal });
          removed += await sweepPage(page, signal);
          next = page.metadata?.continue ?? '';
        } while (next !== '');
        if (removed > 0) log.info('removed the kept deployments of applications that are gone', { secrets: removed });
      } catch (error) {
        if (!signal.aborted) log.warn('kept deployments of applications that are gone were not removed', { error });
      }
    },
  };
}

interface PageOptions {
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly next: string;
  readonly signal: AbortSignal;
}

async function listPage(
  client: DeploymentSweepOptions['client'],
  { namespace, uid, next, signal }: PageOptions,
): Promise<MetadataPage> {
  const labelSelector = uid === undefined ? LABELS.deploymentOf : `${LABELS.deploymentOf}=${uid}`;
  const query = new URLSearchParams({ labelSelector, limit: String(PAGE), ...(next === '' ? {} : { continue: next }) });
  const path = `/api/v1/namespaces/${namespace}/secrets?${query.toString()}`;
  return (await client.request('GET', path, { accept: METADATA_ONLY, signal })) as MetadataPage;
}
