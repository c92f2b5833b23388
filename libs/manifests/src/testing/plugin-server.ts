/** A plugin server of our own in this process, on a socket in a temporary folder; for tests. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tiphys/runtime';
import {
  createPluginService,
  createPluginSockets,
  findIsolation,
  type PluginServiceOptions,
  type PluginSettings,
  type PluginSockets,
  parsePluginConfig,
  startPluginServer,
} from '../plugin/index.js';

export interface PluginFolder {
  /** Of the sockets. */
  readonly folder: string;
  /** Starts the plugin that the text describes; the result stops it. */
  serve(yaml: string, options?: ServeOptions): Promise<() => Promise<void>>;
  /** The repo-server's side. */
  connect(options?: ConnectOptions): PluginSockets;
  /** What sidecars and clients left behind. */
  leftovers(): readonly string[];
  /** Stops everything and removes the folder. */
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly limits?: Partial<PluginServiceOptions['limits']>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ConnectOptions {
  readonly settings?: Partial<PluginSettings>;
  readonly expected?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxFiles?: number;
  readonly maxBytes?: number;
}

const MIB = 1024 * 1024;
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin' };

export function pluginFolder(): PluginFolder {
  const base = mkdtempSync(join(tmpdir(), 'plugins-'));
  const [folder, work, parcels] = ['sockets', 'work', 'parcels'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [folder, work, parcels]) mkdirSync(path);
  const stops: (() => Promise<void> | void)[] = [];
  return {
    folder,
    serve: async (yaml, { limits = {}, environment = {} } = {}) => {
      const spec = parsePluginConfig(yaml, 'plugin.yaml');
      const memoryBytes = limits.memoryBytes ?? 512 * MIB;
      const { wrapper } = await findIsolation(spec, memoryBytes);
      const service = createPluginService({
        ...{ spec, wrapper, parallelism: 4 },
        environment: { ...ENVIRONMENT, ...environment },
        limits: {
          ...{ folder: work, maxBytes: 16 * MIB, maxFiles: 1_000, memoryBytes },
          ...{ timeoutMs: 30_000, graceMs: 500, maxOutputBytes: MIB },
          ...limits,
        },
      });
      const socket = join(folder, `${spec.name}.sock`);
      const server = await startPluginServer({ socket, spec, service, log: silentLogger });
      let stopped: Promise<void> | undefined;
      const stop = (): Promise<void> => {
        stopped ??= server.stop(0);
        return stopped;
      };
      stops.unshift(stop);
      return stop;
    },
    connect: ({ settings = {}, expected = [], timeoutMs = 30_000, maxFiles = 1_000, maxBytes = 16 * MIB } = {}) => {
      const plugins = createPluginSockets({
        ...{ folder, expected, timeoutMs, concurrency: 4 },
        settings: { exclude: [], useManifestGeneratePaths: false, ...settings },
        limits: { folder: parcels, maxFiles, maxBytes },
      });
      stops.unshift(() => plugins.close());
      return plugins;
    },
    leftovers: () => [...readdirSync(work), ...readdirSync(parcels)],
    close: async () => {
      for (const stop of stops) await stop();
      rmSync(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
