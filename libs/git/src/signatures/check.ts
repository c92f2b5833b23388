/** Whether a revision meets a signature policy, remembered for a while: a verified history need not be walked again. */
import { createHash } from 'node:crypto';
import type { Clock } from '@tiphys/runtime';
import { runGit } from '../cli/command.js';
import { LruMap } from '../lru-map.js';
import { type Mirrors, remoteKey } from '../mirror/mirrors.js';
import type { GitRemote, ResolvedRevision } from '../ports.js';
import type { Keyrings } from './keyring.js';
import { type SignaturePolicy, type SignatureReport, signatureInfo, signatureProblems } from './policy.js';
import { readSignatures } from './read-signatures.js';

export interface SignatureCheck {
  readonly remote: GitRemote;
  readonly resolved: ResolvedRevision;
  readonly policy: SignaturePolicy;
}

export interface SignatureChecks {
  report(check: SignatureCheck): Promise<SignatureReport>;
}

export interface SignatureCheckOptions {
  readonly clock: Clock;
  readonly mirrors: Mirrors;
  readonly keyrings: Keyrings;
  readonly timeoutMs: number;
}

/** Keys expire and are revoked while nothing else changes. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;
const NEVER = new AbortController().signal;

interface Remembered {
  readonly at: number;
  readonly report: Promise<SignatureReport>;
}

export function createSignatureChecks(options: SignatureCheckOptions): SignatureChecks {
  const remembered = new LruMap<string, Remembered>(MAX_REMEMBERED);
  return {
    report: (check) => {
      const key = keyOf(check);
      const now = options.clock.now().getTime();
      const known = remembered.get(key);
      if (known !== undefined && now - known.at < REMEMBERED_MS) return known.report;
      const report = verify(options, check);
      remembered.set(key, { at: now, report }, 1);
      report.catch(() => remembered.delete(key));
      return report;
    },
  };
}

function keyOf({ remote, resolved, policy }: SignatureCheck): string {
  const text = JSON.stringify([remoteKey(remote), resolved.commit, resolved.tag ?? '', policy]);
  return createHash('sha256').update(text).digest('base64url');
}

async function verify(options: SignatureCheckOptions, check: SignatureCheck): Promise<SignatureReport> {
  const { resolved, policy } = check;
  // A part of the history proves nothing about the rest.
  const { depth: _depth, ...whole } = check.remote;
  const remote = policy.mode === 'strict' ? whole : check.remote;
  const keyring = await options.keyrings.get(policy);
  const mirror = options.mirrors.get(remote);
  await mirror.open(remote, resolved);
  const { ref = '', tag } = resolved;
  const directory = await mirror.withRef(remote, ref, (path) =>
    tag === undefined ? Promise.resolve(true) : hasTag(path, tag),
  );
  const signatures = await readSignatures({
    ...{
      directory,
      policy,
      keyring,
      url: remote.url,
      commit: resolved.commit,
      timeoutMs: options.timeoutMs,
      signal: NEVER,
    },
    ...(tag === undefined ? {} : { tag: { oid: tag, ref } }),
  });
  return { problems: signatureProblems(policy, signatures), info: signatureInfo(signatures[0]) };
}

async function hasTag(directory: string, oid: string): Promise<boolean> {
  const args = [`--git-dir=${directory}`, 'cat-file', '-e', `${oid}^{tag}`];
  try {
    await runGit({ args, env: {}, timeoutMs: 30_000, signal: NEVER, url: directory });
    return true;
  } catch {
    return false;
  }
}
