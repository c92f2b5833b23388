/** Replace (PUT) and recreate (delete, wait, create) of D24 and D25. */
import { setTimeout as delay } from 'node:timers/promises';
import { GitOpsError, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { deleteResource } from './delete-resource.js';
import type { ApplyTarget } from './target.js';
import type { ApplyRequest, ApplyResult } from './types.js';
import { writeOptionsOf } from './write-options.js';

const GONE_TIMEOUT_MS = 120_000;
const ATTEMPTS = 5;

/** Creates what is missing; else PUTs over the newest version. */
export async function replaceObject(request: ApplyRequest, target: ApplyTarget): Promise<ApplyResult> {
  const write = writeOptionsOf(request);
  for (let attempt = 1; ; attempt++) {
    const live = await request.client.get(target.resource, target, request.signal);
    try {
      if (live === undefined) {
        return { object: await request.client.create(target.resource, target.body, write), action: 'created' };
      }
      const object = await request.client.replace(target.resource, withVersion(target.body, live), write);
      const unchanged = object.metadata.resourceVersion === live.metadata.resourceVersion;
      return { object, action: unchanged ? 'unchanged' : 'replaced' };
    } catch (error) {
      // Somebody wrote or created it in between: what they wrote is replaced as well.
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt >= ATTEMPTS) throw error;
    }
  }
}

/** Deletes the live object, waits until it is gone, creates it again. */
export async function recreate(request: ApplyRequest, target: ApplyTarget): Promise<ApplyResult> {
  const { client, options, signal } = request;
  const live = await client.get(target.resource, target, signal);
  if (live === undefined) {
    return { object: await client.create(target.resource, target.body, writeOptionsOf(request)), action: 'created' };
  }
  // The server cannot predict a create while the old object exists; the manifest itself is the best prediction.
  if (options.dryRun === true) return { object: target.body, action: 'recreated' };
  const uid = live.metadata.uid ?? '';
  await deleteResource({ client, resource: target.resource, key: target, uid, propagation: 'background', signal });
  await untilGone(request, target, uid);
  return { object: await client.create(target.resource, target.body, writeOptionsOf(request)), action: 'recreated' };
}

async function untilGone({ client, signal }: ApplyRequest, target: ApplyTarget, uid: string): Promise<void> {
  const deadline = performance.now() + GONE_TIMEOUT_MS;
  for (let wait = 50; performance.now() < deadline; wait = Math.min(wait * 2, 1_000)) {
    const live = await client.get(target.resource, target, signal);
    if (live?.metadata.uid !== uid) return;
    await delay(wait, undefined, { signal });
  }
  throw new GitOpsError(
    'Upstream',
    `${target.resource.kind} ${target.name} is still being deleted after ${GONE_TIMEOUT_MS / 1_000} s; look at its finalizers`,
  );
}

function withVersion(body: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const { resourceVersion } = live.metadata;
  return resourceVersion === undefined ? body : { ...body, metadata: { ...body.metadata, resourceVersion } };
}
