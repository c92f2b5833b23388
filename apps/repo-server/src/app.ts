/** Builds and starts the parts of the repo-server. */
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuthenticatedCache, createAuthenticatedCache } from '@tiphys/cache';
import { cleanLfs, cleanMirrors, createGitReader, type GitReaderOptions } from '@tiphys/git';
import {
  createChartClient,
  createPluginSockets,
  createToolbox,
  type PluginSockets,
  type RunningChartClient,
  type Toolbox,
  toolSearchPath,
} from '@tiphys/manifests';
import { GitOpsError, PRODUCT_VERSION } from '@tiphys/model';
import {
  type Clock,
  createGrpcServerMetrics,
  createMetrics,
  type Lifecycle,
  type Logger,
  loadTlsMaterial,
  redisConnection,
  registerBuildInfo,
  startOpsServer,
  startTracing,
  systemClock,
  type TlsMaterial,
  type Tracer,
} from '@tiphys/runtime';
import { createArtifactTrees } from './charts/artifact-trees.js';
import { createChartTrees } from './charts/chart-trees.js';
import { countArtifacts, countChartTests } from './charts/counted-artifacts.js';
import type { Config } from './config.js';
import { createIdleMemory } from './idle-memory.js';
import { createFailures } from './manifests/failures.js';
import { createManifestCache } from './manifests/manifest-cache.js';
import { createRenderSource } from './manifests/render-source.js';
import { makeMemoryFolder } from './memory-folder.js';
import { createRepoServerMetrics, type RepoServerMetrics } from './metrics.js';
import { pluginOptions } from './plugin-options.js';
import { rendererLog } from './renderer-log.js';
import { type GrpcServer, startGrpcServer } from './rpc/grpc-server.js';
import { createHandlers } from './rpc/handlers.js';
import { gitSpan, tracedRenders } from './spans.js';

export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface RunningApp {
  readonly port: number;
  readonly opsPort: number;
}

/** Bytes of manifests kept in this process. */
const LOCAL_CACHE_BYTES = 48 * 1024 * 1024;
/** Without a request for this long, memory is given back. */
const IDLE_MS = 5_000;
const STOP_GRACE_MS = 15_000;

/** Starts everything; every part registers with the lifecycle how it is stopped. */
export async function startApp({ config, log, clock = systemClock }: AppOptions, life: Lifecycle): Promise<RunningApp> {
  const tls = tlsOf(config);
  if (tls === undefined) log.warn('serving without TLS: anybody who reaches the port can use it');
  await prepareFolders(config.dataDir, clock);
  const metrics = createMetrics();
  registerBuildInfo(metrics, `v${PRODUCT_VERSION}`);
  const tracer = await startTracing({ service: 'argocd-repo-server', settings: config, log });
  life.onStop('traces', () => tracer.stop());
  const redis = await createAuthenticatedCache({
    connection: redisConnection(config),
    cacheKey: config.cacheKey,
    allowUnauthenticated: config.redisAllowUnauthenticated,
    log,
    metrics,
    initiator: 'argocd-repo-server',
  });
  life.onStop('cache', () => redis.close());
  const counted = createRepoServerMetrics(metrics);
  const memory = createIdleMemory(IDLE_MS);
  life.onStop('memory', () => memory.stop());
  const chartClient = createChartClient({
    folder: join(config.dataDir, 'charts'),
    clock,
    userAgent: config.helmUserAgent,
    ...(config.caFile === undefined ? {} : { ca: readFileSync(config.caFile, 'utf8') }),
  });
  life.onStop('charts', () => chartClient.close());
  const memoryFolder = makeMemoryFolder(config.memoryDir, config.dataDir);
  if (memoryFolder !== undefined) life.onStop('work folders', () => removeFolder(memoryFolder));
  const tools = toolsOf({ config, log, counted, memoryFolder });
  life.onStop('tools', () => tools.close());
  const plugins = createPluginSockets(pluginOptions(config, workFolder(config.dataDir)));
  life.onStop('plugins', () => plugins.close());
  const grpc = await startGrpcServer({
    handlers: buildHandlers({ config, log, clock, redis, counted, chartClient, tools, plugins, tracer }),
    listen: config.listen,
    tls,
    log,
    tracer,
    calls: createGrpcServerMetrics(metrics, { timeHistogram: config.grpcTimeHistogram }),
    onRequest: (repository) => {
      memory.touch();
      return counted.pending(repository);
    },
  });
  life.onStop('grpc', () => grpc.stop(STOP_GRACE_MS));
  const opsPort = await startOps({ config, metrics, grpc }, life);
  log.info('repo-server is ready', { port: grpc.port, opsPort, mutualTls: tls !== undefined });
  return { port: grpc.port, opsPort };
}

interface HandlerParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly redis: AuthenticatedCache;
  readonly counted: ReturnType<typeof createRepoServerMetrics>;
  readonly chartClient: RunningChartClient;
  readonly tools: Toolbox;
  readonly plugins: PluginSockets;
  readonly tracer: Tracer;
}

interface ToolParts {
  readonly config: Config;
  readonly log: Logger;
  readonly counted: RepoServerMetrics;
  readonly memoryFolder: string | undefined;
}

function toolsOf({ config, log, counted, memoryFolder }: ToolParts): Toolbox {
  return createToolbox({
    workFolder: workFolder(config.dataDir),
    memoryFolder,
    searchPath: toolSearchPath(config.tools, config.toolPath),
    parallelism: config.parallelismLimit,
    timeoutMs: config.renderTimeout * 1_000,
    memoryBytes: config.renderMemoryMib * 1024 * 1024,
    onRun: counted.toolRun,
    onWait: counted.parallelismWait,
    onRendererStart: rendererLog(log),
  });
}

function buildHandlers(parts: HandlerParts) {
  const { config, log, clock, redis, counted, tools, plugins, tracer } = parts;
  const chartClient = countChartTests(parts.chartClient, parts);
  if (!config.gpgEnabled) log.warn('signatures are not verified, whatever projects demand (ARGOCD_GPG_ENABLED)');
  const git = createGitReader({
    ...azureWorkloadOf(config),
    verifySignatures: config.gpgEnabled,
    dataDirectory: config.dataDir,
    clock,
    log,
    onRequest: (report) => {
      counted.gitRequest(report);
      tracer.record(...gitSpan(report));
    },
    listTimeoutMs: config.gitListTimeout * 1_000,
    fetchTimeoutMs: config.gitFetchTimeout * 1_000,
    perHost: config.gitRequestsPerHost,
    allowFile: config.allowFileRepositories,
    ...(config.caFile === undefined ? {} : { caFile: config.caFile }),
  });
  const ttlMs = config.manifestCacheHours * 3_600_000;
  const charts = { client: chartClient, trees: createChartTrees(chartClient) };
  const artifactClient = countArtifacts(chartClient.artifacts, { counted, clock });
  const artifacts = { client: artifactClient, trees: createArtifactTrees(artifactClient) };
  const renderSource = tracedRenders(
    tracer,
    createRenderSource({
      git,
      charts,
      artifacts,
      cache: createManifestCache({ redis, ttlMs, maxBytes: LOCAL_CACHE_BYTES }),
      failures: createFailures({ clock, attempts: 3, pauseMs: 3_600_000 }),
      tools,
      plugins,
      metrics: counted,
      concurrency: config.renderConcurrency,
    }),
  );
  return createHandlers({ git, charts, artifacts, tools, plugins, renderSource, namespace: config.namespace });
}

/** S1: without certificates the server does not start, unless plaintext was asked for. */
function tlsOf(config: Config): TlsMaterial | undefined {
  if (config.insecurePlaintext) return undefined;
  if (config.tlsDir !== undefined) return loadTlsMaterial(config.tlsDir);
  const next =
    'Set TIPHYS_TLS_DIR to the folder with ca.crt, tls.crt and tls.key, or --insecure-plaintext for development.';
  throw new GitOpsError('InvalidSpec', `The repo-server needs certificates for mutual TLS. ${next}`);
}

function azureWorkloadOf(config: Config): Pick<GitReaderOptions, 'azureWorkload'> {
  const { azureClientId: clientId, azureTenantId: tenantId, azureFederatedTokenFile: tokenFile } = config;
  if (clientId === undefined || tenantId === undefined || tokenFile === undefined) return {};
  return { azureWorkload: { clientId, tenantId, tokenFile, authority: config.azureAuthorityHost } };
}

/** What an earlier process left half done is removed; mirrors are kept. */
async function prepareFolders(dataDir: string, clock: Clock): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await removeFolder(workFolder(dataDir));
  await cleanMirrors(join(dataDir, 'mirrors'), clock.now());
  await cleanLfs(join(dataDir, 'lfs'), clock.now());
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function workFolder(dataDir: string): string {
  return join(dataDir, 'work');
}

interface OpsParts {
  readonly config: Config;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly grpc: GrpcServer;
}

async function startOps({ config, metrics, grpc }: OpsParts, life: Lifecycle): Promise<number> {
  const ready = () => [{ name: 'grpc', ok: grpc.port > 0 && !life.signal.aborted }];
  const ops = await startOpsServer({ listen: config.metricsListen, metrics, ready });
  life.onStop('ops', () => ops.stop());
  return ops.port;
}
