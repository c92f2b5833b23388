/** Writes of the operation state. A refresh may have written the status meanwhile: then re-read and write again. */
import { type Application, GitOpsError, isGitOpsError, type JsonObject } from '@tiphys/model';
import { keyOf } from '../identity.js';
import type { ApplicationStore } from '../ports.js';

const ATTEMPTS = 5;

/**
 * Patches with the precondition of the newest resourceVersion, as long as the same operation is still the current one.
 * @throws GitOpsError Conflict when another operation took its place or the application is gone.
 */
export async function patchOperation(
  applications: ApplicationStore,
  app: Application,
  { patch, signal }: { patch: JsonObject; signal: AbortSignal },
): Promise<Application> {
  let current = app;
  for (let attempt = 1; ; attempt++) {
    try {
      return await applications.patch(current, patch, signal);
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt >= ATTEMPTS) throw error;
      current = await reread(applications, app, signal);
    }
  }
}

async function reread(applications: ApplicationStore, app: Application, signal: AbortSignal): Promise<Application> {
  const fresh = await applications.read(keyOf(app), signal);
  const same =
    fresh?.metadata.uid === app.metadata.uid && JSON.stringify(fresh?.operation) === JSON.stringify(app.operation);
  if (fresh === undefined || !same) {
    throw new GitOpsError(
      'Conflict',
      `the operation of application ${app.metadata.name ?? ''} was replaced while it ran; the newer one goes on`,
    );
  }
  return fresh;
}
