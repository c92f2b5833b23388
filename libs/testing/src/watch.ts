/** List and watch for tests: every object once, then every change, across reconnects. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient, KubeMetadata, KubeObject, WatchEvent } from './kube-client.js';

/** Who hears of events, and until when. */
export interface WatchOptions {
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal: AbortSignal;
  readonly query?: Readonly<Record<string, string>>;
}

interface ListAnswer {
  readonly metadata: KubeMetadata;
  readonly items?: readonly KubeObject[];
}

const RETRY_MS = 100;

/** Watches a collection until the signal; existing objects come first as ADDED, again after a lost resource version. */
export async function watchObjects(client: KubeClient, path: string, options: WatchOptions): Promise<void> {
  const { signal, query = {} } = options;
  while (!signal.aborted) {
    try {
      const list = await client.request<ListAnswer>('GET', path, { query });
      for (const object of list.items ?? []) {
        options.onEvent({ type: 'ADDED', object });
      }
      await follow({ client, path, options, from: list.metadata.resourceVersion ?? '0' });
    } catch {
      // The server went away or the signal came: the loop's condition tells which.
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

interface Following {
  readonly client: KubeClient;
  readonly path: string;
  readonly options: WatchOptions;
  readonly from: string;
}

async function follow({ client, path, options, from }: Following): Promise<void> {
  let resourceVersion = from;
  while (!options.signal.aborted) {
    const query = { ...options.query, watch: '1', allowWatchBookmarks: 'true', resourceVersion };
    for await (const line of client.lines(path, query, options.signal)) {
      const event = JSON.parse(line) as { type: WatchEvent['type'] | 'BOOKMARK' | 'ERROR'; object: KubeObject };
      if (event.type === 'ERROR') {
        return;
      }
      resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
      if (event.type !== 'BOOKMARK') {
        options.onEvent({ type: event.type, object: event.object });
      }
    }
  }
}
