/** Deletes exactly the object that was judged: a precondition on its uid protects a namesake that was created since (D23). */
import { isGitOpsError } from '@tiphys/model';
import type { ApiResource, KubeClient } from '../ports.js';

export interface DeleteRequest {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  readonly key: { readonly namespace: string; readonly name: string };
  /** Of the live object that was judged. */
  readonly uid: string | undefined;
  readonly propagation: 'foreground' | 'background' | 'orphan';
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

/** `absent`: it was gone. `replaced`: another object has its name now; that one is left alone. */
export type DeleteOutcome = 'deleted' | 'absent' | 'replaced';

const POLICIES = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' } as const;

/** Accepted by the server; finalizers may keep the object for a while. @throws GitOpsError */
export async function deleteResource(request: DeleteRequest): Promise<DeleteOutcome> {
  const { client, resource, key, uid, propagation, dryRun, signal } = request;
  try {
    await client.delete(resource, key, {
      propagationPolicy: POLICIES[propagation],
      ...(uid ? { preconditions: { uid } } : {}),
      ...(dryRun === true ? { dryRun } : {}),
      signal,
    });
    return 'deleted';
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    if (error.code === 'NotFound') return 'absent';
    if (error.code === 'Conflict' && uid) return 'replaced';
    throw error;
  }
}
