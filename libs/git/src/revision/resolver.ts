/** Which commit a revision names: asked at the host at most once for everybody, remembered with the time of the question. */
import type { Clock } from '@tiphys/runtime';
import { GitError, isGitError, isHostFailure } from '../errors.js';
import { createFreshFlight } from '../fresh-flight.js';
import { LruMap } from '../lru-map.js';
import { remoteKey } from '../mirror/mirrors.js';
import type { GitRemote, ResolvedRevision, ResolveOptions } from '../ports.js';
import { answerQuestion, type RefListing, type RevisionAnswer } from './answer.js';
import { questionKey, type RevisionQuestion, wantedRefs } from './question.js';

export interface ResolverOptions {
  readonly clock: Clock;
  /** Asks the host. */
  readonly listRefs: (remote: GitRemote, wanted: readonly string[]) => Promise<RefListing>;
  /** The commit behind the beginning of a SHA. */
  readonly expandSha: (remote: GitRemote, prefix: string) => Promise<string | undefined>;
  /** How long a failure is repeated to callers who would take an old answer, instead of asking again. */
  readonly failureMs: number;
}

export interface Resolver {
  /** @throws GitError `unknown-revision` when nothing at the host has that name, else what asking the host threw. */
  resolve(
    remote: GitRemote,
    question: RevisionQuestion,
    options: Omit<ResolveOptions, 'signal'>,
  ): Promise<ResolvedRevision>;
}

interface Remembered {
  readonly askedAt: number;
  readonly answer: RevisionAnswer;
}
interface Failed {
  readonly askedAt: number;
  readonly error: GitError;
}

const MAX_REMEMBERED = 20_000;

export function createResolver(options: ResolverOptions): Resolver {
  const answers = new LruMap<string, Remembered>(MAX_REMEMBERED);
  const failures = new LruMap<string, Failed>(MAX_REMEMBERED);
  const flights = createFreshFlight<RevisionAnswer>(options.clock);

  const ask = async (context: Context, notBefore: number): Promise<Remembered> => {
    const { key, remote, question } = context;
    const askedAt = options.clock.now().getTime();
    try {
      const { value, startedAt } = await flights.run(key, notBefore, () => askHost(options, remote, question));
      const remembered = { askedAt: startedAt, answer: value };
      answers.set(key, remembered, 1);
      failures.delete(key);
      return remembered;
    } catch (error) {
      if (isGitError(error)) failures.set(key, { askedAt, error }, 1);
      throw error;
    }
  };

  /** The error of a question that is new enough, and was asked a moment ago. */
  const recentFailure = (key: string, notBefore: number, now: number): GitError | undefined => {
    const failed = failures.get(key);
    const repeat = failed !== undefined && failed.askedAt >= notBefore && now - failed.askedAt < options.failureMs;
    return repeat ? failed.error : undefined;
  };

  return {
    resolve: async (remote, question, wishes) => {
      const now = options.clock.now().getTime();
      const key = `${remoteKey(remote)} ${questionKey(question)}`;
      const { insists, notBefore } = freshness(wishes, now);
      const known = answers.get(key);
      if (known !== undefined && known.askedAt >= notBefore) return describe(known);
      try {
        const repeated = insists ? undefined : recentFailure(key, notBefore, now);
        if (repeated !== undefined) throw repeated;
        return describe(await ask({ key, remote, question }, notBefore));
      } catch (error) {
        if (insists || known === undefined || !isHostFailure(error)) throw error;
        return { ...describe(known), stale: staleReason(error, known.askedAt) };
      }
    },
  };
}

interface Freshness {
  readonly insists: boolean;
  readonly notBefore: number;
}

function freshness({ mode, resolvedAfterMs = 0 }: Omit<ResolveOptions, 'signal'>, now: number): Freshness {
  const insists = mode === 'resolve';
  // A refresh without a time means: not older than the moment of this call.
  return { insists, notBefore: insists && resolvedAfterMs === 0 ? now : resolvedAfterMs };
}

interface Context {
  readonly key: string;
  readonly remote: GitRemote;
  readonly question: RevisionQuestion;
}

async function askHost(
  options: ResolverOptions,
  remote: GitRemote,
  question: RevisionQuestion,
): Promise<RevisionAnswer> {
  const listing = await options.listRefs(remote, wantedRefs(question));
  const answer = answerQuestion(question, listing);
  if (answer !== undefined) return answer;
  if (question.kind === 'name' && question.shortSha) {
    const commit = await options.expandSha(remote, question.name);
    if (commit !== undefined) return { commit, ref: undefined };
  }
  throw unknownRevision(remote, question);
}

function unknownRevision(remote: GitRemote, question: RevisionQuestion): GitError {
  const next = 'Check targetRevision, or push the missing ref.';
  switch (question.kind) {
    case 'range': {
      const prefix = question.tagPrefix === '' ? '' : ` with the prefix "${question.tagPrefix}"`;
      return new GitError(
        'unknown-revision',
        `No tag${prefix} of ${remote.url} is in the range "${question.range}". ${next}`,
      );
    }
    case 'name':
      return new GitError('unknown-revision', `${remote.url} has no branch, tag or commit "${question.name}". ${next}`);
    default:
      return new GitError('unknown-revision', `${remote.url} has no default branch: it may be empty. ${next}`);
  }
}

function describe({ answer, askedAt }: Remembered): ResolvedRevision {
  return { ...answer, resolvedAt: new Date(askedAt) };
}

/** Names the moment, not the age: a text that changes with every question would be written again each time. */
function staleReason(error: Error, askedAt: number): string {
  return `The commit found at ${new Date(askedAt).toISOString()} is used, because the Git host could not be asked: ${error.message}`;
}
