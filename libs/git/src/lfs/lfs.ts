/** Files of Git LFS of any repository: from the disk, or from its host. */
import { join } from 'node:path';
import { type Host, trusted } from '../host.js';
import { createHostClient } from '../http/host-client.js';
import type { GitRemote } from '../ports.js';
import type { GitReaderOptions } from '../reader-options.js';
import { downloadLfs } from './download.js';
import { lfsEndpoint } from './endpoint.js';
import type { LfsPointer } from './pointer.js';
import { createLfsStore } from './store.js';

export interface Lfs {
  read(remote: GitRemote, pointer: LfsPointer): Promise<Uint8Array>;
}

const NEVER = new AbortController().signal;

export function createLfs(options: GitReaderOptions, host: Host): Lfs {
  const store = createLfsStore(join(options.dataDirectory, 'lfs'));
  const timeoutMs = options.fetchTimeoutMs ?? 600_000;
  const client = createHostClient({ ...trusted(options), allowLocal: options.allowFile === true, timeoutMs });
  const where = { workDirectory: join(options.dataDirectory, 'work'), timeoutMs: 30_000, signal: NEVER };
  return {
    read: (remote, pointer) =>
      store.get(remote, pointer, () =>
        host.run(remote, 'fetch', async (_transport, ready) => {
          const endpoint = await lfsEndpoint(ready, where);
          return downloadLfs({ client, remote: ready, endpoint, pointer, signal: NEVER });
        }),
      ),
  };
}
