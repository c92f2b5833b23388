/** Which Git implementation serves a repository. */
import type { Clock } from '@tiphys/runtime';
import { isGitError } from './errors.js';
import { parseGitUrl } from './git-url.js';
import { LruMap } from './lru-map.js';
import type { GitRemote } from './ports.js';
import type { GitTransport } from './transport.js';

export interface TransportChoice {
  readonly nodegit: GitTransport;
  readonly cli: GitTransport;
  readonly clock: Clock;
}

/** How long a host that hung is left to the implementation whose requests can be ended. */
const AVOID_MS = 10 * 60_000;

/** libgit2 is always sent every ref of a repository; beyond this many, the program that asks for single refs is cheaper. */
const MANY_REFS = 2_000;
const MAX_REMEMBERED = 10_000;

/**
 * libgit2, unless the repository has settings that it lacks, a fetch is to be shallow, or its host hung lately: a hanging request of libgit2 cannot
 * be ended and keeps a thread.
 */
export function chooseTransport({ nodegit, cli, clock }: TransportChoice): GitTransport {
  const hungUntil = new Map<string, number>();
  const manyRefs = new LruMap<string, true>(MAX_REMEMBERED);
  const hostOf = ({ url }: GitRemote): string => parseGitUrl(url, { allowFile: true }).host;
  const run = async <T>(remote: GitRemote, task: (transport: GitTransport) => Promise<T>): Promise<T> => {
    const host = hostOf(remote);
    const avoid = (hungUntil.get(host) ?? 0) > clock.now().getTime();
    if (avoid || needsCli(remote)) return task(cli);
    try {
      return await task(nodegit);
    } catch (error) {
      if (isGitError(error) && error.failure === 'timeout') hungUntil.set(host, clock.now().getTime() + AVOID_MS);
      throw error;
    }
  };
  return {
    name: 'auto',
    listRefs: async (remote, wanted, signal) => {
      if (wanted !== undefined && manyRefs.get(remote.url)) return cli.listRefs(remote, wanted, signal);
      const listing = await run(remote, (transport) => transport.listRefs(remote, wanted, signal));
      if (listing.refs.length > MANY_REFS) manyRefs.set(remote.url, true, 1);
      return listing;
    },
    fetch: (remote, request, signal) =>
      request.depth !== undefined
        ? cli.fetch(remote, request, signal)
        : run(remote, (transport) => transport.fetch(remote, request, signal)),
  };
}

function needsCli({ url, credentials }: GitRemote): boolean {
  if (!url.startsWith('http')) return false;
  const { tlsCaData, tlsClientCertData, proxy } = credentials;
  return tlsCaData !== undefined || tlsClientCertData !== undefined || proxy !== undefined;
}
