/** Applications in memory, with the API server's merge patches and its precondition on the resourceVersion. */
import { type Application, GitOpsError, type JsonObject } from '@tiphys/model';
import { keyOf } from '../identity.js';
import type { ApplicationStore } from '../ports.js';

export interface MemoryApplications extends ApplicationStore {
  /** Every patch that was accepted, in order. */
  readonly patches: JsonObject[];
  /** A write of somebody else: `get` shows the older state until somebody calls `read`. */
  changeBehindTheWatch(key: string, change: (app: Application) => Application): void;
}

export function memoryApplications(...apps: readonly Application[]): MemoryApplications {
  const server = new Map(apps.map((app) => [keyOf(app), app]));
  const watched = new Map(server);
  const patches: JsonObject[] = [];
  const write = (app: Application): Application => {
    const resourceVersion = String(Number(server.get(keyOf(app))?.metadata.resourceVersion ?? 0) + 1);
    const next = { ...app, metadata: { ...app.metadata, resourceVersion } };
    server.set(keyOf(app), next);
    return next;
  };
  return {
    patches,
    get: (key) => watched.get(key),
    list: () => [...watched.values()],
    async read(key) {
      const app = server.get(key);
      if (app === undefined) watched.delete(key);
      else watched.set(key, app);
      return app;
    },
    async patch(app, patch) {
      const current = server.get(keyOf(app));
      if (current === undefined) throw new GitOpsError('NotFound', `application ${keyOf(app)} is gone`);
      if (current.metadata.resourceVersion !== app.metadata.resourceVersion)
        throw new GitOpsError('Conflict', `application ${keyOf(app)} was changed meanwhile; read it again`);
      patches.push(patch);
      const next = write(applyMergePatch(current, patch) as Application);
      watched.set(keyOf(app), next);
      return next;
    },
    changeBehindTheWatch(key, change) {
      const app = server.get(key);
      if (app !== undefined) write(change(app));
    },
  };
}

/** RFC 7386. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const result: Record<string, unknown> = isPlain(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (value !== undefined) result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
