/**
 * The Git transport through the git program, for what libgit2 cannot do per repository: CA bundles, client certificates,
 * proxies, and ending a request that hangs.
 */
import { describeGitFailure, isGitError } from '../errors.js';
import type { GitRemote } from '../ports.js';
import { type AdvertisedRef, peelRefs, type RefListing } from '../revision/answer.js';
import type { GitTransport } from '../transport.js';
import { type AccessOptions, withAccess } from './access.js';
import { type GitCommand, runGit } from './command.js';

export interface CliTransportOptions extends AccessOptions {
  readonly listTimeoutMs: number;
  readonly fetchTimeoutMs: number;
}

export function createCliTransport(options: CliTransportOptions): GitTransport {
  const run = async (remote: GitRemote, command: Omit<GitCommand, 'env' | 'url'>): Promise<string> => {
    try {
      return await withAccess(remote, options, (env) => runGit({ ...command, env, url: remote.url }));
    } catch (error) {
      if (isGitError(error) || command.signal.aborted) throw error;
      throw describeGitFailure(remote.url, error instanceof Error ? error.message : String(error), error);
    }
  };
  return {
    name: 'git-cli',
    listRefs: async (remote, wanted, signal) => {
      const args = ['ls-remote', '--symref', '--', remote.url, ...patterns(wanted)];
      return parseListing(await run(remote, { args, timeoutMs: options.listTimeoutMs, signal }));
    },
    fetch: async (remote, { directory, refspecs, depth }, signal) => {
      const flags = [
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--no-recurse-submodules',
        ...(depth === undefined ? [] : [`--depth=${depth}`]),
      ];
      const args = [`--git-dir=${directory}`, 'fetch', ...flags, '--', remote.url, ...refspecs];
      await run(remote, { args, timeoutMs: options.fetchTimeoutMs, signal });
    },
  };
}

/** With protocol 2 the host sends no more than these; tags come with their peeled twin. */
function patterns(wanted: readonly string[] | undefined): readonly string[] {
  return (wanted ?? []).flatMap((ref) => {
    if (ref.endsWith('/')) return [`${ref}*`];
    return ref === 'HEAD' ? ['HEAD', 'refs/heads/*'] : [ref, `${ref}^{}`];
  });
}

function parseListing(text: string): RefListing {
  let headRef: string | undefined;
  const refs: AdvertisedRef[] = [];
  for (const line of text.split('\n')) {
    const [value = '', name] = line.split('\t');
    if (name === undefined) continue;
    if (!value.startsWith('ref: ')) refs.push({ name, oid: value });
    else if (name === 'HEAD') headRef = value.slice('ref: '.length);
  }
  return { refs: peelRefs(refs), headRef };
}
