/** Redis, a Git server, and two repo-servers: one with renderers and one with nothing but the command lines. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import {
  removeDirectory,
  startGitServer,
  startRedis,
  startRepoServer,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { type BenchSource, SOURCES, type SourceName } from './sources.js';

export interface Renderer {
  readonly client: RepoServerClient;
  readonly pid: number;
}

export interface RenderStage {
  readonly withRenderers: Renderer;
  readonly withoutRenderers: Renderer;
  /** Addresses of the repositories. */
  readonly urls: Readonly<Record<SourceName, string>>;
  /** A checkout of a source. */
  checkout(source: BenchSource): string;
  stop(): Promise<void>;
}

export async function startRenderStage(): Promise<RenderStage> {
  const stops: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart();
  };
  try {
    const directory = temporaryDirectory('bench-render');
    stops.push(() => removeDirectory(directory));
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const git = await startGitServer();
    stops.push(() => git.stop());
    const urls: Partial<Record<SourceName, string>> = {};
    for (const source of SOURCES) {
      urls[source.name] = (await git.createRepository(source.name, source.files)).url;
      writeCheckout(join(directory, 'checkouts', source.name), source);
    }
    const start = async (name: string, tools: string): Promise<Renderer> => {
      const own = join(directory, name);
      mkdirSync(own);
      const { service, address } = await startRepoServer({ redis, directory: own, tools });
      stops.push(() => service.stop());
      const client = createRepoServerClient({ address, tls: undefined });
      stops.push(() => client.close());
      return { client, pid: service.pid };
    };
    const tools = dirname(toolPath('render-helm'));
    return {
      withRenderers: await start('with', tools),
      withoutRenderers: await start('without', commandLinesOnly(tools, join(directory, 'tools'))),
      urls: urls as Readonly<Record<SourceName, string>>,
      checkout: ({ name }) => join(directory, 'checkouts', name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function writeCheckout(folder: string, { files }: BenchSource): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), String(content));
  }
}

function commandLinesOnly(tools: string, folder: string): string {
  mkdirSync(folder);
  for (const name of readdirSync(tools).filter((tool) => !tool.startsWith('render-'))) {
    symlinkSync(join(tools, name), join(folder, name));
  }
  return folder;
}
