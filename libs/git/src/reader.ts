/** GitReader over mirrors, the resolver and a transport. */
import { join } from 'node:path';
import { type Clock, type Logger, silentLogger, systemClock } from '@tiphys/runtime';
import { chooseTransport } from './choose-transport.js';
import { compactRepository } from './cli/compact.js';
import { createCliTransport } from './cli/transport.js';
import { createCommitTree, createTreeCache } from './commit-tree.js';
import type { AzureWorkload } from './credentials/azure-identity.js';
import { type CredentialExchange, createCredentialExchange } from './credentials/exchange.js';
import { createTokenClient } from './credentials/token-client.js';
import { untilAborted } from './deadline.js';
import { isGitError } from './errors.js';
import { parseGitUrl } from './git-url.js';
import { createHostGate, type HostGate } from './host-gate.js';
import { createHostClient } from './http/host-client.js';
import { downloadLfs } from './lfs/download.js';
import { lfsEndpoint } from './lfs/endpoint.js';
import type { LfsPointer } from './lfs/pointer.js';
import { createLfsStore } from './lfs/store.js';
import { withLfs } from './lfs/tree.js';
import { createMirrors } from './mirror/mirrors.js';
import { type LoadedNodegit, loadNodegit } from './nodegit/api.js';
import { createKnownHostsFile } from './nodegit/known-hosts.js';
import { createNodegitTransport } from './nodegit/transport.js';
import type { CommitMetadata, GitReader, GitRef, GitRemote } from './ports.js';
import { withPause } from './rate-limit.js';
import type { RefListing } from './revision/answer.js';
import { parseRevision } from './revision/question.js';
import { createResolver } from './revision/resolver.js';
import { createSignatureChecks } from './signatures/check.js';
import { createKeyrings } from './signatures/keyring.js';
import type { GitTransport } from './transport.js';

/** One request to a Git host, for metrics. */
export interface GitRequestReport {
  readonly url: string;
  readonly type: 'ls-remote' | 'fetch';
  readonly ms: number;
  readonly ok: boolean;
}

export interface GitReaderOptions {
  /** Mirrors and the home folder of the Git implementation live below it. */
  readonly dataDirectory: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly onRequest?: (report: GitRequestReport) => void;
  /** Default 30 s. */
  readonly listTimeoutMs?: number;
  /** Default 10 minutes: a first clone may be large. */
  readonly fetchTimeoutMs?: number;
  /** Requests to one host at a time; default 8. */
  readonly perHost?: number;
  /** How long a host's failure is repeated without asking again to callers who take old answers; default 10 s. */
  readonly failureMs?: number;
  /** Allows `file://` repositories: for tests and development only. */
  readonly allowFile?: boolean;
  /** Which implementation talks to hosts; default `auto`: libgit2 where it can, else the git program. */
  readonly transport?: 'auto' | 'nodegit' | 'git-cli';
  /** PEM bundle of trusted authorities; default the system's. */
  readonly caFile?: string;
  /** The workload identity of this process (G07). */
  readonly azureWorkload?: AzureWorkload;
  /** Where Google's tokens come from: for tests only. */
  readonly googleTokenUrl?: string;
}

/** Entries of cached folder listings; about 200 bytes each. */
const CACHED_TREE_ENTRIES = 60_000;
const SIGNAL_OF_NOBODY = new AbortController().signal;

export function createGitReader(options: GitReaderOptions): GitReader {
  const clock = options.clock ?? systemClock;
  const host = createHost(options, clock);
  const listAll = (remote: GitRemote, wanted?: readonly string[]): Promise<RefListing> =>
    host.run(remote, 'ls-remote', (transport, ready) => transport.listRefs(ready, wanted, SIGNAL_OF_NOBODY));
  const mirrors = createMirrors(join(options.dataDirectory, 'mirrors'), {
    nodegit: host.nodegit,
    log: options.log ?? silentLogger,
    compact: compactRepository,
    fetch: (remote, request) =>
      host.run(remote, 'fetch', (transport, ready) => transport.fetch(ready, request, SIGNAL_OF_NOBODY)),
  });
  const resolver = createResolver({
    clock,
    listRefs: listAll,
    expandSha: (remote, prefix) => mirrors.get(remote).expand(remote, prefix),
    failureMs: options.failureMs ?? 10_000,
  });
  const signatures = createSignatureChecks({
    clock,
    mirrors,
    keyrings: createKeyrings(join(options.dataDirectory, 'keyrings')),
    timeoutMs: options.fetchTimeoutMs ?? 600_000,
  });
  const lfs = createLfs(options, host);
  const trees = createTreeCache(CACHED_TREE_ENTRIES);
  const check = (remote: GitRemote): void => void parseGitUrl(remote.url, { allowFile: options.allowFile === true });
  return {
    resolveRevision: async (remote, revision, { signal, ...wishes }) => {
      check(remote);
      const question = parseRevision(revision, wishes.tagPrefix);
      if (question.kind === 'commit') return { commit: question.commit, ref: undefined };
      return untilAborted(resolver.resolve(remote, question, wishes), signal);
    },
    listRefs: async (remote, signal) => {
      check(remote);
      return withoutHead(await untilAborted(listAll(remote), signal));
    },
    openCommit: async (remote, resolved, signal) => {
      check(remote);
      const { raw, database } = await untilAborted(mirrors.get(remote).open(remote, resolved), signal);
      const tree = createCommitTree(raw, database, trees);
      return remote.lfs === true ? withLfs(tree, (pointer) => untilAborted(lfs.read(remote, pointer), signal)) : tree;
    },
    signatureProblems: async (remote, resolved, { policy, signal }) => {
      check(remote);
      return untilAborted(signatures.problems({ remote, resolved, policy }), signal);
    },
    commitMetadata: async (remote, commit, signal): Promise<CommitMetadata> => {
      check(remote);
      const opened = mirrors.get(remote).open(remote, { commit, ref: undefined });
      const [{ raw }, listing] = await untilAborted(Promise.all([opened, tagsOf(listAll, remote)]), signal);
      const tags = listing.filter((ref) => ref.commit === commit).map(({ name }) => name.slice('refs/tags/'.length));
      return { author: raw.author, date: raw.date, message: raw.message, tags };
    },
    testConnection: async (remote, signal) => {
      check(remote);
      await untilAborted(listAll(remote), signal);
    },
  };
}

/** Tags of a commit are a nicety: a host that is down must not hide author and message. */
async function tagsOf(
  list: (remote: GitRemote, wanted: readonly string[]) => Promise<RefListing>,
  remote: GitRemote,
): Promise<readonly GitRef[]> {
  try {
    return (await list(remote, ['refs/tags/'])).refs.filter(({ name }) => name.startsWith('refs/tags/'));
  } catch {
    return [];
  }
}

function withoutHead({ refs }: RefListing): readonly GitRef[] {
  return refs.filter(({ name }) => name !== 'HEAD');
}

/** `ready` is the remote with credentials for now. */
type HostTask<T> = (transport: GitTransport, ready: GitRemote) => Promise<T>;

interface Host {
  readonly nodegit: ReturnType<typeof loadNodegit>['nodegit'];
  run<T>(remote: GitRemote, type: GitRequestReport['type'], task: HostTask<T>): Promise<T>;
}

interface TransportParts {
  readonly loaded: LoadedNodegit;
  readonly clock: Clock;
}

function createTransport(options: GitReaderOptions, { loaded, clock }: TransportParts): GitTransport {
  const timeouts = {
    listTimeoutMs: options.listTimeoutMs ?? 30_000,
    fetchTimeoutMs: options.fetchTimeoutMs ?? 600_000,
  };
  const knownHosts = createKnownHostsFile(loaded.homeDirectory);
  const nodegit = createNodegitTransport({ ...timeouts, loaded, knownHosts });
  const workDirectory = join(options.dataDirectory, 'work');
  const cli = createCliTransport({ ...timeouts, workDirectory, allowFile: options.allowFile === true });
  switch (options.transport ?? 'auto') {
    case 'nodegit':
      return nodegit;
    case 'git-cli':
      return cli;
    case 'auto':
      return chooseTransport({ nodegit, cli, clock });
  }
}

/** Everything that talks to hosts: the transports behind the gate, counted. */
function createHost(options: GitReaderOptions, clock: Clock): Host {
  const loaded = loadNodegit({
    homeDirectory: join(options.dataDirectory, 'home'),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
  });
  const transport = createTransport(options, { loaded, clock });
  const gate: HostGate = createHostGate({ perHost: options.perHost ?? 8, clock });
  const exchange = createExchange(options, clock);
  const client = createHostClient({ allowLocal: true });
  return {
    nodegit: loaded.nodegit,
    run: (remote, type, task) => {
      const { host } = parseGitUrl(remote.url, { allowFile: true });
      return gate.run(host, async () => {
        const started = performance.now();
        const report = (ok: boolean): void =>
          options.onRequest?.({ url: remote.url, type, ms: performance.now() - started, ok });
        try {
          const result = await withToken(exchange, remote, (ready) => task(transport, ready));
          report(true);
          return result;
        } catch (error) {
          report(false);
          throw await withPause(client, remote, error);
        }
      });
    },
  };
}

function createExchange(options: GitReaderOptions, clock: Clock): CredentialExchange {
  const { azureWorkload, googleTokenUrl } = options;
  return createCredentialExchange({
    client: createTokenClient(createHostClient({ allowLocal: options.allowFile === true })),
    clock,
    ...(azureWorkload === undefined ? {} : { azureWorkload }),
    ...(googleTokenUrl === undefined ? {} : { googleTokenUrl }),
  });
}

/** A token that the host refuses may have been withdrawn: the next request gets a new one. */
async function withToken<T>(
  exchange: CredentialExchange,
  remote: GitRemote,
  task: (ready: GitRemote) => Promise<T>,
): Promise<T> {
  const ready = await exchange.exchange(remote);
  try {
    return await task(ready);
  } catch (error) {
    if (isGitError(error) && error.failure === 'credentials') exchange.forget(remote);
    throw error;
  }
}

interface Lfs {
  read(remote: GitRemote, pointer: LfsPointer): Promise<Uint8Array>;
}

function createLfs(options: GitReaderOptions, host: Host): Lfs {
  const store = createLfsStore(join(options.dataDirectory, 'lfs'));
  const timeoutMs = options.fetchTimeoutMs ?? 600_000;
  const client = createHostClient({ allowLocal: options.allowFile === true, timeoutMs });
  const where = { workDirectory: join(options.dataDirectory, 'work'), timeoutMs: 30_000, signal: SIGNAL_OF_NOBODY };
  return {
    read: (remote, pointer) =>
      store.get(remote, pointer, () =>
        host.run(remote, 'fetch', async (_transport, ready) => {
          const endpoint = await lfsEndpoint(ready, where);
          return downloadLfs({ client, remote: ready, endpoint, pointer, signal: SIGNAL_OF_NOBODY });
        }),
      ),
  };
}
