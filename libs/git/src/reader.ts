/** GitReader over mirrors, the resolver and a transport. */
import { join } from 'node:path';
import { silentLogger, systemClock } from '@tiphys/runtime';
import { compactRepository } from './cli/compact.js';
import { createCommitTree, createTreeCache } from './commit-tree.js';
import { untilAborted } from './deadline.js';
import { parseGitUrl } from './git-url.js';
import { createHost } from './host.js';
import { createLfs } from './lfs/lfs.js';
import { withLfs } from './lfs/tree.js';
import { createMirrors } from './mirror/mirrors.js';
import type { CommitMetadata, GitReader, GitRef, GitRemote } from './ports.js';
import type { GitReaderOptions } from './reader-options.js';
import type { RefListing } from './revision/answer.js';
import { parseRevision } from './revision/question.js';
import { createResolver } from './revision/resolver.js';
import { createSignatureChecks } from './signatures/check.js';
import { createKeyrings } from './signatures/keyring.js';

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
  const keyrings = createKeyrings(join(options.dataDirectory, 'keyrings'));
  const signatures = createSignatureChecks({ clock, mirrors, keyrings, timeoutMs: options.fetchTimeoutMs ?? 600_000 });
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
    verifySignatures: async (remote, resolved, { policy, signal }) => {
      check(remote);
      if (options.verifySignatures === false) return { problems: [], info: '' };
      return untilAborted(signatures.report({ remote, resolved, policy }), signal);
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
