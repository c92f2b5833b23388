/** Builds and starts the parts of the plugin server: plugin.yaml, the commands, and the socket they are asked through. */
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createPluginService,
  findIsolation,
  type Isolation,
  type PluginSpec,
  parsePluginConfig,
  startPluginServer,
} from '@tiphys/manifests';
import { GitOpsError } from '@tiphys/model';
import type { Lifecycle, Logger } from '@tiphys/runtime';
import type { Config } from './config.js';

export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Of this process: what the plugin's commands see besides. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface RunningApp {
  /** Absolute path: `<folder>/<name>[-<version>].sock`. */
  readonly socket: string;
}

const MIB = 1024 * 1024;
const STOP_GRACE_MS = 15_000;

/** @throws GitOpsError InvalidSpec when plugin.yaml is missing or wrong. */
export async function startApp({ config, log, environment }: AppOptions, life: Lifecycle): Promise<RunningApp> {
  const spec = await readPlugin(config.pluginConfigDir);
  const memoryBytes = config.pluginMemoryMib * MIB;
  const isolation = await findIsolation(spec, memoryBytes);
  report(log, spec, isolation);
  if (isolation.network === 'notEnforced' && config.requireNetworkIsolation) throw cannotIsolate();
  // A process that was killed left its files behind (R9).
  await rm(config.pluginWorkDir, { recursive: true, force: true, maxRetries: 5 });
  const service = createPluginService({
    ...{ spec, environment, wrapper: isolation.wrapper },
    parallelism: config.pluginParallelism,
    limits: {
      folder: config.pluginWorkDir,
      maxBytes: config.pluginMaxSourceMib * MIB,
      maxFiles: config.pluginMaxFiles,
      timeoutMs: config.execTimeout,
      graceMs: config.execFatalTimeout,
      maxOutputBytes: config.pluginMaxOutputMib * MIB,
      memoryBytes,
    },
  });
  const socket = join(config.pluginDir, `${spec.name}.sock`);
  const server = await startPluginServer({ socket, spec, service, log });
  life.onStop('grpc', () => server.stop(STOP_GRACE_MS));
  log.info('plugin is ready', { plugin: spec.name, socket, discovers: spec.discover !== undefined });
  return { socket };
}

async function readPlugin(path: string): Promise<PluginSpec> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const file = isFolder ? join(path, 'plugin.yaml') : path;
  try {
    return parsePluginConfig(await readFile(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const next = 'Mount it there, or set TIPHYS_PLUGIN_CONFIG_DIR.';
    throw new GitOpsError('InvalidSpec', `There is no ${file}. ${next}`, { cause: error });
  }
}

function report(log: Logger, spec: PluginSpec, isolation: Isolation): void {
  if (isolation.memory === 'containerOnly') {
    log.warn('prlimit is not in this image: only the limit of the container bounds the memory of commands');
  }
  if (isolation.network === 'notEnforced') {
    const next = 'Use a NetworkPolicy, or let the container make user namespaces.';
    log.warn(`the plugin declares that it needs no network, but the kernel does not let it be taken away. ${next}`);
  }
  log.info('commands are bounded', { plugin: spec.name, network: isolation.network, memory: isolation.memory });
}

function cannotIsolate(): GitOpsError {
  const next = 'Allow user namespaces in the container, or unset TIPHYS_REQUIRE_NETWORK_ISOLATION.';
  return new GitOpsError(
    'InvalidSpec',
    `The plugin must run without a network, which this container cannot do. ${next}`,
  );
}
