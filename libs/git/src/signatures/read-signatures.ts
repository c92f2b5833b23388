/** Signatures of commits and annotated tags of a bare mirror, verified by git with gpg and ssh-keygen. */

import { runGit } from '../cli/command.js';
import { GitError } from '../errors.js';
import type { Keyring } from './keyring.js';
import { isTrusted, type RevisionSignature, type SignaturePolicy, type SignatureResult } from './policy.js';

export interface SignatureQuestion {
  /** The bare repository. */
  readonly directory: string;
  readonly url: string;
  readonly commit: string;
  /** The annotated tag that was asked for, with the name of its ref. */
  readonly tag?: { readonly oid: string; readonly ref: string };
  readonly policy: Pick<SignaturePolicy, 'mode' | 'keys'>;
  readonly keyring: Keyring;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Of the tag and, unless it alone decides, of the commits, newest first. Never empty. */
export async function readSignatures(question: SignatureQuestion): Promise<readonly RevisionSignature[]> {
  const { tag, policy } = question;
  const ofTag = tag === undefined ? [] : [await tagSignature(question, tag)];
  if (policy.mode === 'head')
    return ofTag.length > 0 ? ofTag : commitSignatures(question, ['--max-count=1', question.commit]);
  const sealed = await trustedSeals(question);
  return [...ofTag, ...(await commitSignatures(question, [question.commit, ...sealed]))];
}

/** What `%G?` prints. Anything that is not listed is not good. */
const RESULTS: Readonly<Record<string, SignatureResult>> = {
  G: 'signed',
  B: 'bad signature',
  U: 'signed with untrusted key',
  X: 'expired signature',
  Y: 'signed with expired key',
  R: 'signed with revoked key',
  E: 'signed with key not in keyring',
  N: 'unsigned',
};
const SEAL = 'Argocd-gpg-seal';
const FORMAT = `%H%x00%G?%x00%GK%x00%GP%x00%aN <%aE>%x00%P%x00%(trailers:key=${SEAL},valueonly,separator=%x20)%x00`;

const FIELDS = 7;

interface SignedCommit extends RevisionSignature {
  readonly parents: readonly string[];
  readonly seal: string;
}

async function commitSignatures(
  question: SignatureQuestion,
  range: readonly string[],
): Promise<readonly SignedCommit[]> {
  // Not rev-list, which does not read the settings for signatures.
  const args = ['log', '--no-patch', '--no-notes', '--no-color', `--format=tformat:${FORMAT}`, ...range, '--'];
  const fields = (await git(question, args)).split('\0');
  const commits: SignedCommit[] = [];
  for (let start = 0; start + FIELDS <= fields.length; start += FIELDS) {
    commits.push(toCommit(fields.slice(start, start + FIELDS)));
  }
  return commits;
}

/** A line ends behind each commit's last field. */
function toCommit(fields: readonly string[]): SignedCommit {
  const [revision = '', grade = '', keyId = '', primaryKey = '', author = '', parents = '', seal = ''] = fields;
  return {
    ...{ revision: revision.trim(), author, keyId, primaryKey, seal: seal.trim() },
    result: RESULTS[grade] ?? 'bad signature',
    parents: parents.split(' ').filter((parent) => parent !== ''),
  };
}

/**
 * Commits that say their ancestors were reviewed, when they are themselves signed by a key of the policy: verification
 * ends at them. As arguments that leave their parents out.
 */
async function trustedSeals(question: SignatureQuestion): Promise<readonly string[]> {
  const range = [`--grep=^${SEAL}:`, '--regexp-ignore-case', question.commit];
  const seals = (await commitSignatures(question, range)).filter(
    (commit) => commit.seal !== '' && isTrusted(question.policy, commit),
  );
  return seals.flatMap(({ parents }) => parents.map((parent) => `^${parent}`));
}

const STATUS = /^\[GNUPG:\] (GOODSIG|BADSIG|EXPSIG|EXPKEYSIG|REVKEYSIG|ERRSIG) ([0-9A-F]+)/gm;
const STATUS_RESULTS: Readonly<Record<string, SignatureResult>> = {
  GOODSIG: 'signed',
  BADSIG: 'bad signature',
  EXPSIG: 'expired signature',
  EXPKEYSIG: 'signed with expired key',
  REVKEYSIG: 'signed with revoked key',
  ERRSIG: 'signed with key not in keyring',
};

async function tagSignature(
  question: SignatureQuestion,
  tag: NonNullable<SignatureQuestion['tag']>,
): Promise<RevisionSignature> {
  const { name, tagger } = await describeTag(question, tag.oid);
  const revision = tag.ref.replace(/^refs\/tags\//, '');
  // The signature covers the tag's own name and target: under another name it says nothing.
  const target = (await git(question, ['rev-parse', '--verify', '--end-of-options', `${tag.oid}^{commit}`])).trim();
  const fits = name === revision && target === question.commit;
  const verified = fits
    ? await verifyTag(question, tag.oid)
    : { result: 'bad signature' as const, keyId: '', primaryKey: '' };
  return { revision, author: tagger, ...verified };
}

async function describeTag(
  question: SignatureQuestion,
  oid: string,
): Promise<{ readonly name: string; readonly tagger: string }> {
  const [header = ''] = (await git(question, ['cat-file', 'tag', oid])).split('\n\n');
  const name = /^tag (.*)$/m.exec(header)?.[1] ?? '';
  const tagger = /^tagger (.*>)/m.exec(header)?.[1] ?? '';
  return { name, tagger };
}

type Verdict = Pick<RevisionSignature, 'result' | 'keyId' | 'primaryKey'>;

interface RawVerification {
  readonly text: string;
  readonly failed: boolean;
}

async function verifyTag(question: SignatureQuestion, oid: string): Promise<Verdict> {
  const raw = await rawVerification(question, oid);
  const unknown: SignatureResult = /no signature found/i.test(raw.text) ? 'unsigned' : 'bad signature';
  return gpgVerdict(raw) ?? sshVerdict(raw) ?? { result: unknown, keyId: '', primaryKey: '' };
}

/** Exactly one verdict of gpg counts: with several signatures nobody knows which one is meant. */
function gpgVerdict({ text, failed }: RawVerification): Verdict | undefined {
  const [first, second] = text.matchAll(STATUS);
  if (first === undefined || second !== undefined) return undefined;
  const [, status = '', keyId = ''] = first;
  const result = STATUS_RESULTS[status] ?? 'bad signature';
  const primaryKey = /^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40,})\s*$/m.exec(text)?.[1] ?? '';
  return { result: failed && result === 'signed' ? 'bad signature' : result, keyId, primaryKey };
}

function sshVerdict({ text, failed }: RawVerification): Verdict | undefined {
  const [line, keyId] =
    /^Good "git" signature (?:for .* )?with [A-Z0-9-]+ key (SHA256:[A-Za-z0-9+/]+)/m.exec(text) ?? [];
  if (line === undefined || keyId === undefined) return undefined;
  const isKnown = !failed && line.includes(' for ');
  return { result: isKnown ? 'signed' : 'signed with untrusted key', keyId, primaryKey: '' };
}

async function rawVerification(question: SignatureQuestion, oid: string): Promise<RawVerification> {
  try {
    return { text: await git(question, ['verify-tag', '--raw', oid], true), failed: false };
  } catch (error) {
    if (error instanceof GitError || question.signal.aborted) throw error;
    return { text: error instanceof Error ? error.message : '', failed: true };
  }
}

function git(question: SignatureQuestion, args: readonly string[], withErrors = false): Promise<string> {
  const { directory, keyring, timeoutMs, signal, url } = question;
  const settings = [
    'gpg.program=gpg',
    'gpg.ssh.program=ssh-keygen',
    'gpg.x509.program=false',
    `gpg.ssh.allowedSignersFile=${keyring.allowedSignersFile}`,
    'log.showSignature=false',
    'log.mailmap=false',
  ].flatMap((setting) => ['-c', setting]);
  return runGit({
    args: [`--git-dir=${directory}`, ...settings, ...args],
    env: {
      GNUPGHOME: keyring.directory,
      HOME: keyring.directory,
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_ALLOW_PROTOCOL: 'none',
    },
    ...{ timeoutMs, signal, url, withErrors },
  });
}
