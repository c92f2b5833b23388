/** Reads and writes of Application objects: optimistic concurrency, and every answer is shown to the watched copy at once. */
import { type KubeClient, RESOURCES, type WriteOptions } from '@tiphys/cluster';
import { type Application, isGitOpsError, type KubernetesObject, parseAppKey } from '@tiphys/model';
import { ApiError } from '../errors.js';
import { API_SERVER_MANAGER } from '../kube/write-options.js';

export interface ApplicationWriter {
  /** Newest state from the API server. */
  read(key: string, signal: AbortSignal): Promise<Application | undefined>;
  /** Throws a GitOpsError `Conflict` when the name is taken. */
  create(application: Application, signal: AbortSignal): Promise<Application>;
  /**
   * Reads, changes and replaces with the resourceVersion read; on a conflict it starts again with the newer state.
   * `change` returns undefined when nothing is to be written.
   */
  update(
    key: string,
    change: (current: Application) => Application | undefined,
    signal: AbortSignal,
  ): Promise<Application>;
  /** Merge patch with a resourceVersion precondition; `build` gets the newest state and is called again on a conflict. */
  patch(key: string, build: (current: Application) => MergePatch, signal: AbortSignal): Promise<Application>;
  delete(key: string, options: { readonly uid?: string | undefined; readonly signal: AbortSignal }): Promise<void>;
}

export type MergePatch = Readonly<Record<string, unknown>>;

const ATTEMPTS = 10;

export function createApplicationWriter(
  kube: KubeClient,
  observe: (object: KubernetesObject) => void,
): ApplicationWriter {
  const options = (signal: AbortSignal): WriteOptions => ({ fieldManager: API_SERVER_MANAGER, signal });
  const seen = (object: KubernetesObject): Application => {
    observe(object);
    return object as unknown as Application;
  };
  const read = async (key: string, signal: AbortSignal): Promise<Application | undefined> => {
    const object = await kube.get(RESOURCES.applications, parseAppKey(key), signal);
    return object === undefined ? undefined : seen(object);
  };
  const mustRead = async (key: string, signal: AbortSignal): Promise<Application> => {
    const current = await read(key, signal);
    if (current === undefined) throw new ApiError('notFound', `application ${key} was deleted meanwhile`);
    return current;
  };
  return {
    read,
    create: async (application, signal) =>
      seen(await kube.create(RESOURCES.applications, application as unknown as KubernetesObject, options(signal))),
    update: (key, change, signal) =>
      retryOnConflict(async () => {
        const current = await mustRead(key, signal);
        const next = change(current);
        if (next === undefined) return current;
        return seen(await kube.replace(RESOURCES.applications, next as unknown as KubernetesObject, options(signal)));
      }),
    patch: (key, build, signal) =>
      retryOnConflict(async () => {
        const current = await mustRead(key, signal);
        const { metadata, ...rest } = build(current);
        const { resourceVersion } = current.metadata;
        const body = { ...rest, metadata: { ...(metadata as object | undefined), resourceVersion } };
        const target = { resource: RESOURCES.applications, ...parseAppKey(key), type: 'merge' } as const;
        return seen(await kube.patch(target, body, options(signal)));
      }),
    delete: (key, { uid, signal }) =>
      kube.delete(RESOURCES.applications, parseAppKey(key), {
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        signal,
      }),
  };
}

async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      const conflict = isGitOpsError(error) && error.code === 'Conflict';
      if (!conflict || count === ATTEMPTS) throw error;
    }
  }
}
