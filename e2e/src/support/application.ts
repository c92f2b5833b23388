/** `given(site)…deploy()`: a repository, an Application that deploys it, and what a test asks and does of it. */
import { API_VERSION, type Application, FINALIZERS, IN_CLUSTER_SERVER, LABELS } from '@tiphys/model';
import { eventually, type Files, type GitRepository, type KubeObject, uniqueName } from '@tiphys/testing';
import { pushRequest, successful } from './api.js';
import { type Writes, writesOf } from './audit.js';
import type { ObjectName, Site } from './site.js';

export interface AppOptions {
  readonly name?: string;
  /** Where the Application is; default the control-plane namespace (A31). */
  readonly home?: string;
  /** Files of a new repository; with `repository` the application uses an existing one. */
  readonly files?: Files;
  readonly repository?: Pick<GitRepository, 'url'>;
  readonly path?: string;
  readonly revision?: string;
  /** Destination namespace; default one that nobody else uses, made by the sync. */
  readonly namespace?: string;
  readonly project?: string;
  readonly destinationServer?: string;
  /** Default `{ prune: true, selfHeal: true }`; null: no auto-sync. */
  readonly automated?: object | null;
  readonly syncOptions?: readonly string[];
  readonly retry?: object;
  readonly finalizers?: readonly string[];
  readonly directory?: object;
}

export interface App {
  readonly name: string;
  /** Destination namespace. */
  readonly namespace: string;
  readonly repositoryUrl: string;
  /** The Application as the cluster has it. */
  get(): Promise<Application>;
  /** Waits until the check stops throwing. */
  shows<T>(description: string, check: (app: Application) => T, timeoutMs?: number): Promise<T>;
  /** Waits for sync status and, when given, health. */
  is(sync: string, health?: string): Promise<Application>;
  /** Waits for a condition of this type whose message matches; returns the message. */
  hasCondition(type: string, message: RegExp): Promise<string>;
  /** Waits until the last operation has ended. */
  operationEnded(phase: string): Promise<NonNullable<NonNullable<Application['status']>['operationState']>>;
  /** Commits to the application's own repository and tells nobody. */
  commit(files: Files): Promise<string>;
  /** Commits and sends the webhook. */
  push(files: Files): Promise<string>;
  refresh(type: 'normal' | 'hard'): Promise<Application>;
  sync(request?: object): Promise<void>;
  rollback(id: number): Promise<void>;
  /** An object in the destination namespace. */
  object(kind: string, name: string): Promise<KubeObject | undefined>;
  /** Writes of Tiphys below the destination namespace since a position, oldest first. */
  writes(since: number): Promise<Writes>;
  /** `DELETE` on the Application itself, as kubectl does. */
  remove(): Promise<void>;
  isGone(timeoutMs?: number): Promise<void>;
}

const WAIT_MS = 45_000;
const GROUPS: Readonly<Record<string, string>> = { Deployment: 'apps/v1', Job: 'batch/v1' };

/** Creates repository and Application; nothing is waited for. */
export async function deploy(site: Site, options: AppOptions): Promise<App> {
  const name = options.name ?? uniqueName('app');
  const namespace = options.namespace ?? uniqueName('e2e');
  const repository = options.files === undefined ? undefined : await site.git.createRepository(name, options.files);
  const url = repository?.url ?? options.repository?.url;
  if (url === undefined) throw new Error('an application needs files or a repository');
  await site.client.create(applicationOf({ ...options, name, namespace, url, site }));
  return handleOf(site, {
    name,
    namespace,
    url,
    repository,
    ...(options.home === undefined ? {} : { home: options.home }),
  });
}

interface Resolved extends AppOptions {
  readonly name: string;
  readonly namespace: string;
  readonly url: string;
  readonly site: Pick<Site, 'namespace'>;
}

/** The object that a user would apply. */
export function applicationOf(options: Resolved): KubeObject {
  const { name, namespace, url, path = '.', revision = 'main', automated = { prune: true, selfHeal: true } } = options;
  const { syncOptions = ['CreateNamespace=true'], retry, directory, finalizers = [FINALIZERS.resources] } = options;
  return {
    apiVersion: API_VERSION,
    kind: 'Application',
    metadata: {
      name,
      namespace: options.home ?? options.site.namespace,
      finalizers,
      labels: { [LABELS.partOf]: 'tiphys-e2e' },
    },
    spec: {
      project: options.project ?? 'default',
      source: { repoURL: url, path, targetRevision: revision, ...(directory === undefined ? {} : { directory }) },
      destination: { server: options.destinationServer ?? IN_CLUSTER_SERVER, namespace },
      syncPolicy: {
        ...(automated === null ? {} : { automated }),
        syncOptions,
        ...(retry === undefined ? {} : { retry }),
      },
    },
  };
}

interface Known {
  readonly name: string;
  readonly namespace: string;
  readonly url: string;
  readonly repository: GitRepository | undefined;
  readonly home?: string;
}

/** Also for an Application that the test has created itself. */
export function handleOf(site: Site, { name, namespace, url, repository, home = site.namespace }: Known): App {
  const { client } = site;
  const path = `/apis/${API_VERSION}/namespaces/${home}/applications/${name}`;
  const rest = `/api/v1/applications/${name}`;
  const scope = home === site.namespace ? {} : { appNamespace: home };
  const get = () => client.get<Application>(path);
  const shows: App['shows'] = async (description, check, timeoutMs = WAIT_MS) => {
    const attempt = async () => checked(await get(), check);
    return eventually(attempt, { description: `${name}: ${description}`, timeoutMs });
  };
  const commit = async (files: Files): Promise<string> => {
    if (repository === undefined) throw new Error(`${name} has no repository of its own`);
    return repository.commit(files);
  };
  return {
    ...{ name, namespace, repositoryUrl: url, get, shows, ...waits(shows) },
    commit,
    push: async (files) => {
      const sha = await commit(files);
      await pushed(site, { url, commit: sha, files: Object.keys(files) });
      return sha;
    },
    refresh: (type) => site.api.get(`${rest}?${new URLSearchParams({ refresh: type, ...scope }).toString()}`),
    sync: async (request = {}) => void (await site.api.post(`${rest}/sync`, { ...scope, ...request })),
    rollback: async (id) => void (await site.api.post(`${rest}/rollback`, { ...scope, id })),
    object: (kind, object) => site.find({ ...objectName(kind, object), namespace }),
    writes: (since) => writesOf(site, { since, namespace }),
    remove: () => client.remove(path),
    isGone: async (timeoutMs = WAIT_MS) => {
      const attempt = async () => {
        const left = await client.find(path);
        if (left !== undefined) throw new Error(`it is still there: ${JSON.stringify(left['status'])}`);
      };
      await eventually(attempt, { description: `${name} is gone`, timeoutMs });
    },
  };
}

/** Sends the webhook of a commit to a repository that several applications may use. */
export async function pushed(
  site: Site,
  push: { readonly url: string; readonly commit: string; readonly files: readonly string[] },
): Promise<void> {
  const event = { repositoryUrl: push.url, commit: push.commit, files: push.files };
  successful(await site.api.call('POST', '/api/webhook', pushRequest(event, site.installation.webhookSecret)));
}

function waits(shows: App['shows']): Pick<App, 'is' | 'hasCondition' | 'operationEnded'> {
  return {
    is: (sync, health) =>
      shows(`is ${sync}${health === undefined ? '' : ` and ${health}`}`, (app) => {
        expectStatus('sync status', app.status?.sync?.status, sync);
        if (health !== undefined) expectStatus('health', app.status?.health?.status, health);
        return app;
      }),
    hasCondition: (type, message) =>
      shows(`has ${type} that matches ${String(message)}`, (app) => {
        const found = app.status?.conditions?.find((entry) => entry.type === type && message.test(entry.message));
        if (found === undefined) throw new Error('no such condition');
        return found.message;
      }),
    operationEnded: (phase) =>
      shows(`operation ended: ${phase}`, (app) => {
        const state = app.status?.operationState;
        expectStatus('phase', state?.phase, phase);
        if (app.operation !== undefined || state === undefined) throw new Error('the operation is still requested');
        return state;
      }),
  };
}

/** Failures show what the Application says. */
function checked<T>(app: Application, check: (app: Application) => T): T {
  try {
    return check(app);
  } catch (error) {
    const { sync, health, conditions, operationState } = app.status ?? {};
    const shown = { sync, health, conditions, operation: app.operation, phase: operationState?.phase };
    const text = JSON.stringify({ ...shown, message: operationState?.message });
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${text}`, { cause: error });
  }
}

function expectStatus(what: string, actual: string | undefined, wanted: string): void {
  if (actual !== wanted) throw new Error(`${what} is ${actual ?? 'missing'}, not ${wanted}`);
}

function objectName(kind: string, name: string): ObjectName {
  return { apiVersion: GROUPS[kind] ?? 'v1', kind, name };
}
