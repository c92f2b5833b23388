/** The plugins whose sidecars put a socket into the shared folder (B29, B31). */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError } from '@tiphys/model';
import { createSemaphore } from '@tiphys/runtime';
import { createPluginClient, type PluginClient, type PluginClientOptions } from './client.js';
import type { ParcelLimits } from './parcel.js';
import type { Plugin, PluginConfiguration, PluginSettings, Plugins } from './ports.js';

export interface PluginSocketsOptions {
  /** Absolute path; it need not exist. */
  readonly folder: string;
  readonly settings: PluginSettings;
  /** Plugins that belong to the installation: while one is not there, sources are not taken for something else. */
  readonly expected: readonly string[];
  readonly timeoutMs: number;
  readonly limits: ParcelLimits;
  /** Archives that are written and sent at a time. */
  readonly concurrency: number;
}

export interface PluginSockets extends Plugins {
  close(): void;
}

const SUFFIX = '.sock';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

interface Known {
  readonly run: string;
  readonly plugin: Plugin;
  readonly client: PluginClient;
}

/** Connections are kept while the socket is the same; a sidecar that was restarted is asked anew what it can do. */
export function createPluginSockets(options: PluginSocketsOptions): PluginSockets {
  const known = new Map<string, Known>();
  const places = createSemaphore(options.concurrency);
  const open = async (name: string): Promise<Plugin | undefined> => {
    const socket = join(options.folder, `${name}${SUFFIX}`);
    const run = await runOf(socket);
    const current = known.get(name);
    if (current !== undefined && current.run === run) return current.plugin;
    current?.client.close();
    known.delete(name);
    if (run === undefined) return undefined;
    const client = createPluginClient({ ...options, name, socket, run } satisfies PluginClientOptions);
    const plugin = bounded(client, places);
    known.set(name, { run, plugin, client });
    return plugin;
  };
  const names = (): Promise<readonly string[]> => listSockets(options.folder);
  return {
    names,
    settings: options.settings,
    named: async (name) => {
      const plugin = NAME.test(name) ? await open(name) : undefined;
      if (plugin !== undefined) return plugin;
      if (options.expected.includes(name)) throw notRunning(name);
      throw unknownPlugin(name, await names());
    },
    discovering: async () => {
      const running = await names();
      const missing = options.expected.find((name) => !running.includes(name));
      if (missing !== undefined) throw notRunning(missing);
      const found = await Promise.all(running.map(open));
      const plugins = found.filter((plugin) => plugin !== undefined);
      const configurations = await Promise.all(plugins.map((plugin) => plugin.configuration()));
      return plugins.filter((_plugin, index) => configurations[index]?.discovers === true);
    },
    close: () => {
      for (const { client } of known.values()) client.close();
    },
  };
}

const MAX_ANSWERS = 10_000;

/** The configuration of one run of a sidecar never changes, so it is asked once; nor do its answers about the same files. */
function bounded(client: PluginClient, places: ReturnType<typeof createSemaphore>): Plugin {
  let configuration: Promise<PluginConfiguration> | undefined;
  const answers = new Map<string, boolean>();
  return {
    name: client.name,
    configuration: () => {
      const asked = configuration ?? client.configuration();
      configuration = asked;
      asked.catch(() => {
        configuration = undefined;
      });
      return asked;
    },
    match: async (task, signal) => {
      const known = answers.get(task.key);
      if (known !== undefined) return known;
      const answer = await places.run(() => client.match(task, signal), signal);
      if (answers.size >= MAX_ANSWERS) answers.clear();
      answers.set(task.key, answer);
      return answer;
    },
    generate: (task, signal) => places.run(() => client.generate(task, signal), signal),
    announce: (task, signal) => places.run(() => client.announce(task, signal), signal),
  };
}

async function listSockets(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isSocket() && entry.name.endsWith(SUFFIX))
      .map(({ name }) => name.slice(0, -SUFFIX.length))
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new GitOpsError('Internal', 'The folder of the plugin sockets cannot be read. Check pluginDir.', {
      cause: error,
    });
  }
}

/** A sidecar that starts makes its socket anew. */
async function runOf(socket: string): Promise<string | undefined> {
  const found = await stat(socket, { bigint: true }).catch(() => undefined);
  return found?.isSocket() === true ? `${found.ino}.${found.ctimeNs}` : undefined;
}

function notRunning(name: string): GitOpsError {
  const next = 'It is retried; look at the sidecar, or take the plugin out of expectedPlugins.';
  return new GitOpsError(
    'Upstream',
    `The plugin ${name} is expected beside the repo-server, but does not run. ${next}`,
  );
}

function unknownPlugin(name: string, names: readonly string[]): GitOpsError {
  const shown = JSON.stringify(name.slice(0, 100));
  const known =
    names.length === 0
      ? 'No plugin runs beside this repo-server: add its sidecar.'
      : `These run: ${names.join(', ')}. A plugin with a version is named <name>-<version>.`;
  return new GitOpsError('ManifestGeneration', `There is no plugin ${shown}. ${known}`);
}
