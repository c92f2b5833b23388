/** What makes a signature good enough (F06, G13). Pure. */

/** As Argo CD words them; `no result` is ours, for what the tools could not say. */
export const SIGNATURE_RESULTS = [
  'signed',
  'bad signature',
  'signed with untrusted key',
  'expired signature',
  'signed with expired key',
  'signed with revoked key',
  'signed with key not in keyring',
  'unsigned',
] as const;
export type SignatureResult = (typeof SIGNATURE_RESULTS)[number];

export interface RevisionSignature {
  /** SHA of the commit, or name of the annotated tag. */
  readonly revision: string;
  /** `Name <mail>` of the author or tagger. */
  readonly author: string;
  readonly result: SignatureResult;
  /** Long id of the OpenPGP (sub)key, or fingerprint of the SSH key; empty when unsigned. */
  readonly keyId: string;
  /** Fingerprint of the primary key that a subkey belongs to; empty when not known. */
  readonly primaryKey: string;
}

export interface SignaturePolicy {
  /** `head`: the commit, or the annotated tag that was asked for. `strict`: everything that led to it, too. */
  readonly mode: 'head' | 'strict';
  /** Ids or fingerprints of OpenPGP keys, `SHA256:...` of SSH keys. */
  readonly keys: readonly string[];
  /** Armored public keys. */
  readonly gpgKeys: readonly string[];
  /** Lines of an allowed signers file. */
  readonly sshAllowedSigners: string;
}

export interface SignatureReport {
  /** What keeps the revision from meeting the policy; empty: nothing. At most ten sentences. */
  readonly problems: readonly string[];
  /** How the revision itself is signed, in the words of Argo CD's revision metadata. */
  readonly info: string;
}

const INFO: Readonly<Partial<Record<SignatureResult, string>>> = { signed: 'Good', 'bad signature': 'Bad' };

export function signatureInfo(signature: RevisionSignature | undefined): string {
  if (signature === undefined || signature.result === 'unsigned') return 'Revision is not signed.';
  return `${INFO[signature.result] ?? 'Invalid'} signature from ${signature.author} key ${signature.keyId}`;
}

const MAX_PROBLEMS = 10;

/** At most ten problems, newest first; commits of one key that is not good enough are named once. Empty: all is well. */
export function signatureProblems(
  policy: SignaturePolicy,
  signatures: readonly RevisionSignature[],
): readonly string[] {
  const named = new Set<string>();
  const problems: string[] = [];
  for (const signature of signatures) {
    const problem = problemOf(policy, signature);
    const isCommit = /^[0-9a-f]{40}$/.test(signature.revision);
    if (problem === undefined || (isCommit && named.has(signature.keyId))) continue;
    if (isCommit && signature.keyId !== '') named.add(signature.keyId);
    problems.push(problem);
    if (problems.length === MAX_PROBLEMS) break;
  }
  return problems;
}

export function isTrusted(policy: Pick<SignaturePolicy, 'keys'>, signature: RevisionSignature): boolean {
  return signature.result === 'signed' && isAllowed(policy.keys, signature);
}

function problemOf(policy: SignaturePolicy, signature: RevisionSignature): string | undefined {
  if (isTrusted(policy, signature)) return undefined;
  const { revision, author, result, keyId } = signature;
  const what = result === 'signed' ? 'signed with unallowed key' : result;
  return `Failed verifying revision ${revision} by '${author}': ${what} (key_id=${keyId})`;
}

/** A policy names the primary key, while people sign with a subkey of it. */
function isAllowed(keys: readonly string[], { keyId, primaryKey }: RevisionSignature): boolean {
  const own = [keyId, primaryKey].filter((id) => id !== '').map(comparable);
  return keys.some((key) => own.includes(comparable(key)));
}

/** Ids are the last 16 digits of fingerprints; shorter ones can be forged and match nothing. */
function comparable(key: string): string {
  const hex = key.replace(/^0x/i, '').replace(/\s/g, '').toUpperCase();
  return /^[0-9A-F]{16,}$/.test(hex) ? hex.slice(-16) : `text ${key.trim()}`;
}
