/** What a test file works on: the shared control plane and a Tiphys of its own with its own Redis and Git server. */
import {
  auditPosition,
  type GitServer,
  type Installation,
  type KubeClient,
  type KubeObject,
  type RedisServer,
  type SharedControlPlane,
  sharedControlPlane,
  startGitServer,
  startInstallation,
  startRedis,
  uniqueName,
} from '@tiphys/testing';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Api, login } from './api.js';
import { restartRedis } from './redis.js';

export interface Site {
  readonly cluster: SharedControlPlane;
  readonly client: KubeClient;
  readonly redis: RedisServer;
  readonly git: GitServer;
  readonly installation: Installation;
  /** Logged in as `admin`. */
  readonly api: Api;
  /** Where the Applications are. */
  readonly namespace: string;
  /** An object of the cluster; undefined when there is none. */
  find(object: ObjectName): Promise<KubeObject | undefined>;
  /** Kills Redis and starts it again, empty, at the same address. */
  restartRedis(): Promise<void>;
  /** Position in the audit log, for `since`. */
  now(): Promise<number>;
}

export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface SiteOptions {
  /** Data of argocd-cm. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further environment of all services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Data of argocd-cmd-params-cm. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What stands between the services and the API server; called once the cluster is there. */
  readonly route?: (cluster: SharedControlPlane) => Promise<Route>;
}

/** Another address of the same API server. */
export interface Route {
  readonly server: string;
  stop(): Promise<void>;
}

/** Polls seldom, so that a test sees what its own events do. */
const SETTINGS = { 'timeout.reconciliation': '1h', 'timeout.reconciliation.jitter': '0s' };
/** Waves follow each other at once, unless a test is about the pause between them (D11). */
const PARAMETERS = { 'controller.sync.wave.delay.seconds': '0' };
const LOG_LINES = 12;

/** Starts a site before the tests of a file and stops it after them; call the result inside tests. */
export function useSite(name: string, options: SiteOptions = {}): () => Site {
  const stops: (() => Promise<void>)[] = [];
  let site: Site | undefined;
  beforeAll(async () => {
    site = await startSite(name, options, stops);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail' && site !== undefined) console.error(site.installation.logTails(LOG_LINES));
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  return () => {
    if (site === undefined) throw new Error('the site is started before the tests: ask for it inside one');
    return site;
  };
}

async function startSite(name: string, options: SiteOptions, stops: (() => Promise<void>)[]): Promise<Site> {
  const cluster = await sharedControlPlane();
  const client = cluster.client();
  const redis = await startRedis();
  stops.push(() => redis.stop());
  const git = await startGitServer();
  stops.push(() => git.stop());
  const namespace = uniqueName(`tiphys-${name}`);
  const route = await options.route?.(cluster);
  if (route !== undefined) stops.push(() => route.stop());
  const installation = await startInstallation({
    controlPlane: route === undefined ? cluster : { ...cluster, server: route.server },
    redis,
    namespace,
    settings: { ...SETTINGS, ...options.settings },
    ...(options.env === undefined ? {} : { env: options.env }),
    parameters: { ...PARAMETERS, ...options.parameters },
  });
  stops.push(() => installation.stop());
  return {
    ...{ cluster, client, redis, git, installation, namespace },
    api: await login(installation),
    find: async ({ apiVersion, kind, ...names }) => {
      const path = await client.pathOf({ apiVersion, kind, metadata: names });
      return client.find(path);
    },
    restartRedis: async () => {
      const program = await restartRedis(redis);
      stops.push(() => program.kill());
    },
    now: () => auditPosition(cluster),
  };
}
