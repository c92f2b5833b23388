/** Where a repository keeps its files of Git LFS, and what opens the door there. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sshArguments } from '../cli/access.js';
import { runTool } from '../cli/command.js';
import { describeGitFailure, GitError, isGitError } from '../errors.js';
import { parseGitUrl } from '../git-url.js';
import { authorizationOf } from '../nodegit/transport.js';
import type { GitRemote } from '../ports.js';

export interface LfsEndpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EndpointOptions {
  readonly workDirectory: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Below the repository's address; over SSH the host is asked (`git-lfs-authenticate`). `.lfsconfig` is not read (S26). */
export async function lfsEndpoint(remote: GitRemote, options: EndpointOptions): Promise<LfsEndpoint> {
  const { protocol } = parseGitUrl(remote.url, { allowFile: true });
  if (protocol === 'ssh') return askOverSsh(remote, options);
  if (protocol === 'file')
    throw new GitError('unsupported', 'A local repository has no Git LFS. Set enableLfs to false.');
  const { origin, pathname } = new URL(remote.url);
  const path = pathname.replace(/\/+$/, '').replace(/(\.git)?$/, '.git');
  return { url: `${origin}${path}/info/lfs`, headers: authorizationOf(remote.credentials) };
}

/** What a shell at the host takes for nothing else than a path. */
const PLAIN_PATH = /^[\w./~+@%-]+$/;

async function askOverSsh(
  remote: GitRemote,
  { workDirectory, timeoutMs, signal }: EndpointOptions,
): Promise<LfsEndpoint> {
  const { host, port, user } = parseGitUrl(remote.url);
  const path = remote.url.includes('://')
    ? new URL(remote.url).pathname
    : remote.url.slice(remote.url.indexOf(':') + 1);
  if (!PLAIN_PATH.test(path))
    throw new GitError('invalid-url', `The path of ${remote.url} has characters that Git LFS over SSH cannot pass on.`);
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(workDirectory, 'lfs-'));
  try {
    const flags = await sshArguments(remote, directory);
    const to = [...(port === undefined ? [] : ['-p', String(port)]), '--', `${user ?? 'git'}@${host}`];
    const args = [...flags, ...to, `git-lfs-authenticate ${path} download`];
    return parseAnswer(
      remote,
      await runTool('ssh', { args, env: { HOME: directory }, timeoutMs, signal, url: remote.url }),
    );
  } catch (error) {
    if (isGitError(error) || signal.aborted) throw error;
    throw describeGitFailure(remote.url, error instanceof Error ? error.message : String(error), error);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function parseAnswer({ url }: GitRemote, text: string): LfsEndpoint {
  try {
    const { href, header } = JSON.parse(text) as { href?: unknown; header?: unknown };
    if (typeof href === 'string') return { url: href.replace(/\/+$/, ''), headers: textsOf(header) };
  } catch {
    // Said below: the answer holds a token.
  }
  throw new GitError('unsupported', `The host of ${url} gave no address for Git LFS over SSH. Use an https address.`);
}

/** Header fields of an answer: names and values that are texts. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
