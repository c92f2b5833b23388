/** The Git transport through libgit2: fast, in process; without CA bundles, client certificates or proxies per repository. */
import { join } from 'node:path';
import { withDeadline } from '../deadline.js';
import { describeGitFailure, isGitError } from '../errors.js';
import { parseGitUrl } from '../git-url.js';
import type { GitCredentials, GitRemote } from '../ports.js';
import { peelRefs, type RefListing } from '../revision/answer.js';
import type { GitTransport } from '../transport.js';
import type { LoadedNodegit, NgCallbacks, NgRepository, Nodegit } from './api.js';
import { makeBareRepository } from './bare-repository.js';
import type { KnownHostsFile } from './known-hosts.js';

export interface NodegitTransportOptions {
  readonly loaded: LoadedNodegit;
  readonly knownHosts: KnownHostsFile;
  readonly listTimeoutMs: number;
  readonly fetchTimeoutMs: number;
}

/** GIT_DIRECTION_FETCH. */
const DIRECTION_FETCH = 0;
/** GIT_REMOTE_DOWNLOAD_TAGS_NONE: only the refs that were asked for. */
const NO_TAGS = 2;
/** libgit2 repeats the question for ever while a host refuses the credentials. */
const MAX_CREDENTIAL_QUESTIONS = 1;

export function createNodegitTransport(options: NodegitTransportOptions): GitTransport {
  const { nodegit } = options.loaded;
  const emptyRepository = createEmptyRepository(options.loaded);
  const run = async <T>(job: Job, task: () => Promise<T>): Promise<T> => {
    const { remote, ms, signal } = job;
    const work = (): Promise<T> => withDeadline(task(), { ms, url: remote.url, signal });
    try {
      const isSsh = parseGitUrl(remote.url, { allowFile: true }).protocol === 'ssh';
      return await (isSsh ? options.knownHosts.use(remote.credentials.sshKnownHosts ?? '', work) : work());
    } catch (error) {
      if (isGitError(error) || signal.aborted) throw error;
      throw describeGitFailure(remote.url, error instanceof Error ? error.message : String(error), error);
    }
  };
  return {
    name: 'nodegit',
    listRefs: (remote, _wanted, signal) =>
      run({ remote, ms: options.listTimeoutMs, signal }, async () =>
        listRefs(nodegit, await emptyRepository(), remote),
      ),
    fetch: (remote, request, signal) =>
      run({ remote, ms: options.fetchTimeoutMs, signal }, async () => {
        // A handle of its own: libgit2 locks the repository object for the whole fetch.
        const repository = await nodegit.Repository.openBare(request.directory);
        const anonymous = await nodegit.Remote.createAnonymous(repository, remote.url);
        const callbacks = callbacksFor(nodegit, remote);
        const customHeaders = headersFor(remote.credentials);
        await anonymous.fetch(request.refspecs, { callbacks, customHeaders, prune: 0, downloadTags: NO_TAGS }, '');
      }),
  };
}

/** A remote reads its settings from a repository; a handle of its own for each, because libgit2 locks them. */
function createEmptyRepository({ nodegit, homeDirectory }: LoadedNodegit): () => Promise<NgRepository> {
  const path = join(homeDirectory, 'empty.git');
  let made: Promise<unknown> | undefined;
  return async () => {
    made ??= makeBareRepository(nodegit, path);
    await made;
    return nodegit.Repository.openBare(path);
  };
}

interface Job {
  readonly remote: GitRemote;
  readonly ms: number;
  readonly signal: AbortSignal;
}

async function listRefs(nodegit: Nodegit, empty: NgRepository, remote: GitRemote): Promise<RefListing> {
  const detached = await nodegit.Remote.createAnonymous(empty, remote.url);
  const headers = headersFor(remote.credentials);
  await detached.connect(DIRECTION_FETCH, callbacksFor(nodegit, remote), headers);
  try {
    const heads = await detached.referenceList();
    const headRef = heads.find((head) => head.name() === 'HEAD')?.symrefTarget() ?? undefined;
    return { refs: peelRefs(heads.map((head) => ({ name: head.name(), oid: head.oid().tostrS() }))), headRef };
  } finally {
    await detached.disconnect();
  }
}

function callbacksFor(nodegit: Nodegit, { url, credentials }: GitRemote): NgCallbacks {
  let questions = 0;
  const login = (_url: string, userInUrl: string): unknown => {
    questions += 1;
    if (questions > MAX_CREDENTIAL_QUESTIONS) return null;
    return credentialFor(nodegit, credentials, userInUrl);
  };
  const isSsh = parseGitUrl(url, { allowFile: true }).protocol === 'ssh';
  // Without a callback libgit2 decides by the CA bundle or known_hosts, and refuses what it does not know.
  return credentials.insecure === true
    ? { credentials: login, certificateCheck: () => 0 }
    : { credentials: login, ...(isSsh ? { certificateCheck: () => PASSTHROUGH } : {}) };
}

/** GIT_PASSTHROUGH: libgit2's own verdict. */
const PASSTHROUGH = -30;

function credentialFor(nodegit: Nodegit, credentials: GitCredentials, userInUrl: string): unknown {
  const { username, password, sshPrivateKey } = credentials;
  if (sshPrivateKey !== undefined) {
    return nodegit.Credential.sshKeyMemoryNew(userInUrl || username || 'git', '', sshPrivateKey, '');
  }
  if (username === undefined && password === undefined) return null;
  return nodegit.Credential.userpassPlaintextNew(username ?? 'git', password ?? '');
}

/** Tokens and forced basic authentication go out with the first request, without waiting for a 401. */
export function headersFor(credentials: GitCredentials): readonly string[] {
  const { bearerToken, forceHttpBasicAuth } = credentials;
  if (bearerToken === undefined && forceHttpBasicAuth !== true) return [];
  return Object.values(authorizationOf(credentials)).map((value) => `Authorization: ${value}`);
}

/** For requests beside Git itself, which nobody answers with a question for the credentials. */
export function authorizationOf({ bearerToken, username, password }: GitCredentials): Readonly<Record<string, string>> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
  if (password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username ?? ''}:${password}`).toString('base64')}` };
}
