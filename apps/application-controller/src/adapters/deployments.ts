/**
 * The manifests of the kept history entries, as Secrets beside the Application (ADR 11): compressed, in parts, owned by it.
 * Secrets, because manifests may contain Secret data; not in Redis, because Redis may be emptied at any moment.
 */
import { createHash } from 'node:crypto';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import {
  API_VERSION,
  type Application,
  DEPLOYMENT_SECRET_TYPE,
  GitOpsError,
  isGitOpsError,
  type KubernetesObject,
  LABELS,
} from '@tiphys/model';
import type { Deployments } from '../ports.js';
import { type Parcel, pack, unpack } from './deployment-parcel.js';

export interface DeploymentsOptions {
  readonly client: KubeClient;
  /** Where the Secrets are. */
  readonly namespace: string;
  /** Largest deployment that is kept, compressed; 0: none is. */
  readonly maxBytes: number;
}

/** Namespace and name of the Application that a Secret was deployed by. */
export const APPLICATION_ANNOTATION = 'tiphys.dev/application';
const WRITER = 'tiphys-application-controller';
const DIGEST = 'tiphys.dev/digest';
const PARTS = 'tiphys.dev/parts';
/** More parts than any limit allows: the end of a loop over Secrets of unknown number. */
const MAX_PARTS = 1_000;

export function createDeployments({ client, namespace, maxBytes }: DeploymentsOptions): Deployments {
  const secretAt = (app: Application, id: number, part: number) => ({ namespace, name: nameOf(app, id, part) });

  async function readPart(key: ReturnType<typeof secretAt>, signal: AbortSignal) {
    const secret = await client.get(RESOURCES.secrets, key, signal);
    const data = (secret?.['data'] as { readonly part?: string } | undefined)?.part;
    return secret === undefined || data === undefined ? undefined : { secret, bytes: Buffer.from(data, 'base64') };
  }

  return {
    async save(app, { id, manifests }, signal) {
      if (maxBytes === 0) return;
      const parcel = await pack(manifests);
      if (parcel.bytes > maxBytes) throw tooLarge(id, parcel.bytes, maxBytes);
      // The first part names the number of parts: written last, it makes the deployment complete.
      for (const index of [...parcel.parts.keys()].reverse()) {
        const secret = secretOf(app, { id, index, parcel, namespace });
        const target = {
          resource: RESOURCES.secrets,
          namespace,
          name: secret.metadata.name ?? '',
          type: 'apply',
        } as const;
        await client.patch(target, secret, { fieldManager: WRITER, force: true, signal });
      }
    },
    async load(app, id, signal) {
      const head = await readPart(secretAt(app, id, 0), signal);
      const { [DIGEST]: digest = '', [PARTS]: count = '' } = head?.secret.metadata.annotations ?? {};
      if (head === undefined || !/^\d{1,3}$/.test(count)) return undefined;
      const rest = Array.from({ length: Number(count) - 1 }, (_, index) =>
        readPart(secretAt(app, id, index + 1), signal),
      );
      const parts = [head, ...(await Promise.all(rest))].map((part) => part?.bytes ?? Buffer.alloc(0));
      return unpack(parts, digest);
    },
    async drop(app, ids, signal) {
      for (const id of ids) {
        for (let part = 0; part < MAX_PARTS; part++) {
          if (!(await removed(client.delete(RESOURCES.secrets, secretAt(app, id, part), { signal })))) break;
        }
      }
    },
  };
}

interface Part {
  readonly id: number;
  readonly index: number;
  readonly parcel: Parcel;
  readonly namespace: string;
}

function secretOf(app: Application, { id, index, parcel, namespace }: Part): KubernetesObject {
  const { name = '', namespace: home = '', uid = '' } = app.metadata;
  const owner = { apiVersion: API_VERSION, kind: 'Application', name, uid };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: DEPLOYMENT_SECRET_TYPE,
    metadata: {
      name: nameOf(app, id, index),
      namespace,
      labels: { [LABELS.deploymentOf]: uid, [LABELS.partOf]: 'argocd' },
      annotations: {
        [APPLICATION_ANNOTATION]: `${home}/${name}`,
        'tiphys.dev/history-id': String(id),
        [DIGEST]: parcel.digest,
        [PARTS]: String(parcel.parts.length),
      },
      // Garbage collection removes them with the Application; for owners in another namespace the sweep does (deployment-sweep.ts).
      ...(home === namespace ? { ownerReferences: [owner] } : {}),
    },
    data: { part: parcel.parts[index]?.toString('base64') ?? '' },
  };
}

/** The uid is part of the name: an Application that is made anew does not find what its predecessor deployed. */
function nameOf({ metadata: { uid = '' } }: Application, id: number, part: number): string {
  const owner = createHash('sha256').update(uid).digest('hex').slice(0, 20);
  return `tiphys-deployment-${owner}-${id}-${part}`;
}

function tooLarge(id: number, bytes: number, limit: number): GitOpsError {
  const size = (count: number) => `${(count / 1024 / 1024).toFixed(1)} MiB`;
  return new GitOpsError(
    'InvalidSpec',
    `the manifests of deployment ${id} are not kept: ${size(bytes)} compressed, the limit is ${size(limit)}; a rollback ` +
      'to it needs Git. Raise TIPHYS_DEPLOYMENT_LIMIT_MIB of the application-controller to keep them',
  );
}

/** False when there was nothing to remove. */
async function removed(deletion: Promise<void>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'NotFound') return false;
    throw error;
  }
}
