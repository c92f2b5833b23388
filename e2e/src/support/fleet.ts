/** Many applications of one monorepo: a folder, a namespace-less ConfigMap and an Application each. */
import { API_VERSION, type Application, appKey } from '@tiphys/model';
import { eventually, type GitRepository, uniqueName } from '@tiphys/testing';
import { applicationOf, pushed } from './application.js';
import { type Writes, writesOf } from './audit.js';
import { configMap, yaml } from './manifests.js';
import type { Site } from './site.js';

export interface Fleet {
  /** Names of the applications; the folder and the ConfigMap of each have the same name. */
  readonly names: readonly string[];
  /** Destination namespace of all. */
  readonly namespace: string;
  readonly repository: GitRepository;
  /** Creates all Applications, ten at a time; nothing is waited for, but the last ten wait for `lastWhen`. */
  create(lastWhen?: Promise<unknown>): Promise<void>;
  /** Resolves when every application is Synced to this revision (default: any) and has no operation. */
  areSynced(revision?: string, timeoutMs?: number): Promise<void>;
  /** How many are Synced right now. */
  synced(): Promise<number>;
  /** Commits a new value for some applications and sends the webhook. */
  push(names: readonly string[], value: string): Promise<string>;
  /** Value of the ConfigMap of each application, by name. */
  values(): Promise<Readonly<Record<string, string | undefined>>>;
  writes(since: number): Promise<Writes>;
}

const ALL_SYNCED_MS = 90_000;
const INTERVAL_MS = 200;

export async function fleet(site: Site, size: number): Promise<Fleet> {
  const prefix = uniqueName('fleet');
  const names = Array.from({ length: size }, (_, index) => `${prefix}-${String(index).padStart(3, '0')}`);
  const namespace = await site.cluster.createNamespace('fleet');
  const file = (name: string, value: string) => [`${name}/settings.yaml`, yaml(configMap(name, { value }))] as const;
  const repository = await site.git.createRepository(prefix, Object.fromEntries(names.map((name) => file(name, '1'))));
  const collection = `/apis/${API_VERSION}/namespaces/${site.namespace}/applications`;
  const list = async () => {
    const items = (await site.client.list(collection)) as unknown as readonly Application[];
    return items.filter((app) => names.includes(app.metadata.name ?? ''));
  };
  const isSynced = ({ status, operation }: Application, revision?: string) =>
    operation === undefined &&
    status?.sync?.status === 'Synced' &&
    (revision === undefined || status.sync.revision === revision);
  return {
    ...{ names, namespace, repository },
    create: async (lastWhen) => {
      for (let start = 0; start < names.length; start += 10) {
        if (start + 10 >= names.length) await lastWhen;
        const some = names.slice(start, start + 10);
        await Promise.all(some.map((name) => site.client.create(application(name))));
      }
    },
    areSynced: async (revision, timeoutMs = ALL_SYNCED_MS) => {
      const attempt = async () => {
        const late = (await list()).filter((app) => !isSynced(app, revision));
        if (late.length > 0) throw new Error(`${late.length} are not, such as ${describe(late[0])}`);
      };
      await eventually(attempt, { description: `${size} applications are Synced`, timeoutMs, intervalMs: INTERVAL_MS });
    },
    synced: async () => (await list()).filter((app) => isSynced(app)).length,
    push: async (some, value) => {
      const files = Object.fromEntries(some.map((name) => file(name, value)));
      const commit = await repository.commit(files);
      await pushed(site, { url: repository.url, commit, files: Object.keys(files) });
      return commit;
    },
    values: async () => {
      const objects = await site.client.list(`/api/v1/namespaces/${namespace}/configmaps`);
      const entries = objects.map(
        ({ metadata, data }) => [metadata.name, (data as { value?: string })?.value] as const,
      );
      return Object.fromEntries(entries.filter(([name]) => names.includes(name)));
    },
    writes: (since) => writesOf(site, { since, namespace }),
  };

  function application(name: string) {
    return applicationOf({ ...{ name, namespace, site, syncOptions: [] }, url: repository.url, path: name });
  }
}

function describe(app: Application | undefined): string {
  const { sync, conditions, operationState } = app?.status ?? {};
  const key = appKey(app?.metadata.namespace ?? '', app?.metadata.name ?? '');
  return `${key} ${JSON.stringify({ sync, conditions, phase: operationState?.phase, message: operationState?.message })}`;
}
