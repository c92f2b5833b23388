/** One bare mirror: made at first use, fetched into one fetch at a time, and made anew when it is damaged. */
import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { isGitOpsError } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { GitError, isGitError } from '../errors.js';
import { LruMap } from '../lru-map.js';
import type { Nodegit } from '../nodegit/api.js';
import { makeBareRepository, secureConnections } from '../nodegit/bare-repository.js';
import { openObjectDatabase } from '../nodegit/object-database.js';
import type { ObjectDatabase, RawCommit } from '../object-database.js';
import type { GitRemote, ResolvedRevision } from '../ports.js';
import type { FetchRequest } from '../transport.js';

export interface MirrorOptions {
  readonly directory: string;
  readonly nodegit: Nodegit;
  readonly fetch: (remote: GitRemote, request: FetchRequest) => Promise<void>;
  /** Joins the packs that fetches leave behind. */
  readonly compact: (directory: string) => Promise<void>;
  readonly log: Logger;
}

export interface OpenedCommit {
  readonly raw: RawCommit;
  readonly database: ObjectDatabase;
}

export interface Mirror {
  /** Fetches when the commit is missing. Callers with the same wish share the fetch. */
  open(remote: GitRemote, resolved: Pick<ResolvedRevision, 'commit' | 'ref'>): Promise<OpenedCommit>;
  /** The full SHA that the beginning of one names; fetches every branch and tag when it is not there. */
  expand(remote: GitRemote, prefix: string): Promise<string | undefined>;
  /** The bare repository, for reading; with the ref fetched anew unless `isThere` says that it is not needed. */
  withRef(remote: GitRemote, ref: string, isThere: (directory: string) => Promise<boolean>): Promise<string>;
}

/** What `git fetch --unshallow` asks for. */
const WHOLE_HISTORY = 2_147_483_647;
const ALL_REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
const KNOWN_COMMITS = 64;
/** Every fetch leaves a pack, and every look-up asks all packs. */
const FETCHES_BETWEEN_COMPACTIONS = 32;

export function createMirror(options: MirrorOptions): Mirror {
  return new BareMirror(options);
}

class BareMirror implements Mirror {
  readonly #options: MirrorOptions;
  readonly #commits = new LruMap<string, RawCommit>(KNOWN_COMMITS);
  #database: Promise<ObjectDatabase> | undefined;
  #damaged = false;
  #fetches = 0;
  /** The fetches, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  async open(remote: GitRemote, resolved: Pick<ResolvedRevision, 'commit' | 'ref'>): Promise<OpenedCommit> {
    const present = await this.#find(resolved.commit);
    return present ?? this.#enqueue(() => this.#fetchCommit(remote, resolved));
  }

  async expand(remote: GitRemote, prefix: string): Promise<string | undefined> {
    const lookup = async (): Promise<string | undefined> =>
      (await (await this.#openDatabase()).commitByPrefix(prefix))?.commit;
    const present = await lookup();
    if (present !== undefined) return present;
    return this.#enqueue(async () => {
      await this.#fetch(remote, ALL_REFS);
      return lookup();
    });
  }

  async withRef(remote: GitRemote, ref: string, isThere: (directory: string) => Promise<boolean>): Promise<string> {
    const { directory } = this.#options;
    await this.#openDatabase();
    if (await isThere(directory)) return directory;
    await this.#enqueue(() => this.#fetch(remote, [`+${ref}:${ref}`]));
    return directory;
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #find(commit: string): Promise<OpenedCommit | undefined> {
    const database = await this.#openDatabase();
    const raw = this.#commits.get(commit) ?? (await database.commit(commit));
    if (raw === undefined) return undefined;
    this.#commits.set(commit, raw, 1);
    return { raw, database };
  }

  /** The ref as resolved; the commit itself, should the ref have moved; at last everything. */
  async #fetchCommit(
    remote: GitRemote,
    { commit, ref }: Pick<ResolvedRevision, 'commit' | 'ref'>,
  ): Promise<OpenedCommit> {
    const present = await this.#find(commit);
    if (present !== undefined) return present;
    const byRef = ref === undefined || ref === 'HEAD' ? undefined : await this.#fetchByRef(remote, { commit, ref });
    if (byRef !== undefined) return byRef;
    const bySha = await this.#fetchBySha(remote, commit);
    if (bySha !== undefined) return bySha;
    // A replica that is behind refuses what another one has just named.
    await this.#fetchUnlessRefused(remote, ALL_REFS);
    const byAll = await this.#find(commit);
    if (byAll !== undefined) return byAll;
    if (ref !== undefined) {
      // The host has just said that the ref names it: another of its replicas has answered the fetch.
      const hint = 'It is asked again; if this lasts, its replicas do not agree.';
      const message = `${remote.url} names the commit ${commit} for ${ref}, but does not serve it yet. ${hint}`;
      throw new GitError('not-served', message);
    }
    const next = 'Check targetRevision; the commit may have been removed by a force push.';
    throw new GitError('unknown-revision', `No branch or tag of ${remote.url} has the commit ${commit}. ${next}`);
  }

  async #fetchByRef(
    remote: GitRemote,
    { commit, ref }: { commit: string; ref: string },
  ): Promise<OpenedCommit | undefined> {
    // It may have been deleted since it was resolved.
    await this.#fetchUnlessRefused(remote, [`+${ref}:${ref}`]);
    return this.#find(commit);
  }

  /** Nothing is fetched when the host does not have what is asked for. */
  async #fetchUnlessRefused(remote: GitRemote, refspecs: readonly string[]): Promise<void> {
    try {
      await this.#fetch(remote, refspecs);
    } catch (error) {
      if (!isGitError(error) || error.failure !== 'unknown-revision') throw error;
    }
  }

  /** Many hosts hand out any commit they have, some only the tips of refs. */
  async #fetchBySha(remote: GitRemote, commit: string): Promise<OpenedCommit | undefined> {
    try {
      await this.#fetch(remote, [`+${commit}:refs/tiphys/${commit}`]);
    } catch (error) {
      if (isGitError(error) && ['credentials', 'timeout', 'rate-limited', 'host-key'].includes(error.failure))
        throw error;
      return undefined;
    }
    return this.#find(commit);
  }

  async #fetch(remote: GitRemote, refspecs: readonly string[]): Promise<void> {
    const { directory, fetch, log } = this.#options;
    const depth = remote.depth === undefined || refspecs !== ALL_REFS ? remote.depth : WHOLE_HISTORY;
    const request = { directory, refspecs, ...(depth === undefined ? {} : { depth }) };
    await this.#openDatabase();
    try {
      await fetch(remote, request);
    } catch (error) {
      if (!isDamage(error)) throw error;
      log.warn('mirror is damaged, cloning anew', { url: remote.url, error });
      this.#damaged = true;
      await this.#openDatabase();
      await fetch(remote, request);
    }
    const now = new Date();
    await utimes(directory, now, now);
    this.#fetches += 1;
    if (this.#fetches % FETCHES_BETWEEN_COMPACTIONS === 0) this.#compactLater();
  }

  /** Behind the caller that waits for this fetch, and before the next fetch. */
  #compactLater(): void {
    const { directory, compact, log } = this.#options;
    void this.#enqueue(() => compact(directory)).catch((error: unknown) => {
      log.warn('mirror could not be compacted', { directory, error });
    });
  }

  #openDatabase(): Promise<ObjectDatabase> {
    if (this.#database !== undefined && !this.#damaged) return this.#database;
    const discard = this.#damaged;
    this.#damaged = false;
    this.#commits.clear();
    this.#database = this.#openOrMake(discard);
    this.#database.catch(() => {
      this.#database = undefined;
    });
    return this.#database;
  }

  async #openOrMake(discard: boolean): Promise<ObjectDatabase> {
    const { directory, nodegit } = this.#options;
    if (!discard) {
      const existing = await openExisting(nodegit, directory).catch(() => undefined);
      if (existing !== undefined) return this.#guard(existing);
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    const fresh = `${directory}.new`;
    await rm(fresh, { recursive: true, force: true, maxRetries: 5 });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    await makeBareRepository(nodegit, fresh);
    await rename(fresh, directory);
    return this.#guard(await openObjectDatabase(nodegit, directory));
  }

  /** An object that cannot be read means damage: the next use clones anew. */
  #guard(database: ObjectDatabase): ObjectDatabase {
    const guarded = async <T>(work: Promise<T>): Promise<T> => {
      try {
        return await work;
      } catch (error) {
        if (isGitOpsError(error)) throw error;
        this.#damaged = true;
        const reason = error instanceof Error ? error.message : String(error);
        const next = 'It is cloned anew at the next attempt.';
        throw new GitError('mirror', `The local copy of the repository is damaged: ${reason}. ${next}`, {
          cause: error,
        });
      }
    };
    return {
      commit: (sha) => guarded(database.commit(sha)),
      commitByPrefix: (prefix) => guarded(database.commitByPrefix(prefix)),
      tree: (oid) => guarded(database.tree(oid)),
      blob: (oid, maxBytes) => guarded(database.blob(oid, maxBytes)),
    };
  }
}

/** Mirrors of earlier versions lack the settings. */
async function openExisting(nodegit: Nodegit, directory: string): Promise<ObjectDatabase> {
  await secureConnections(directory);
  return openObjectDatabase(nodegit, directory);
}

const DAMAGE =
  /odb|pack ?file|packed|corrupt|loose object|zlib|inflate|failed to (open|read|map|stat)|object not found/i;

/** Errors of the mirror's files, as opposed to those of the host. */
function isDamage(error: unknown): boolean {
  if (!isGitError(error) || !['unreachable', 'mirror'].includes(error.failure)) return false;
  return DAMAGE.test(error.cause instanceof Error ? error.cause.message : '');
}
