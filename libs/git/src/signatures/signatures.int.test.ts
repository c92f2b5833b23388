/** Signature policies (F06, G13) with real gpg and ssh-keygen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createGpgSigner,
  createSshSigner,
  type GitRepository,
  type GitServer,
  removeDirectory,
  type Signer,
  startGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitReader } from '../ports.js';
import { createGitReader } from '../reader.js';
import { isTrusted, type RevisionSignature, type SignaturePolicy, signatureInfo, signatureProblems } from './policy.js';

const directory = temporaryDirectory('signatures');
const signal = new AbortController().signal;
let server: GitServer;
let reader: GitReader;
let alice: Signer;
let bob: Signer;
let carol: Signer;

beforeAll(async () => {
  [alice, bob, carol] = [createGpgSigner('alice'), createGpgSigner('bob'), createSshSigner('carol')];
  server = await startGitServer();
  reader = createGitReader({ dataDirectory: directory, allowFile: true });
});
afterAll(async () => {
  for (const signer of [alice, bob, carol]) signer.stop();
  await server.stop();
  removeDirectory(directory);
});

let count = 0;
function repositoryWith(file = 'a.txt'): Promise<GitRepository> {
  count += 1;
  return server.createRepository(`signed-${count}`, { [file]: '0' });
}

function policyOf(
  mode: 'head' | 'strict',
  keys: readonly string[],
  known: readonly Signer[] = [alice, bob],
): SignaturePolicy {
  return { mode, keys, gpgKeys: known.map(({ publicKey }) => publicKey), sshAllowedSigners: `${carol.publicKey}\n` };
}

async function problemsOf(
  repository: GitRepository,
  policy: SignaturePolicy,
  asked: string | { readonly depth: number } = 'main',
) {
  const depth = typeof asked === 'string' ? undefined : asked.depth;
  const revision = typeof asked === 'string' ? asked : 'main';
  const remote = { url: repository.url, credentials: {}, ...(depth === undefined ? {} : { depth }) };
  const resolved = await reader.resolveRevision(remote, revision, { mode: 'resolve', signal });
  return (await reader.verifySignatures(remote, resolved, { policy, signal })).problems;
}

const problem = (revision: string, what: string, keyId: string) =>
  expect.stringMatching(
    new RegExp(
      `^Failed verifying revision ${revision} by '.* <.*>': ${what} \\(key_id=${keyId.replaceAll('+', '\\+')}\\)$`,
    ),
  ) as string;

describe('mode head', () => {
  it('takes a commit of an allowed key, whatever came before it', async () => {
    const repository = await repositoryWith();
    await alice.commit(repository, { 'a.txt': '1' });
    expect(await problemsOf(repository, policyOf('head', [alice.keyId]))).toEqual([]);
    expect(await problemsOf(repository, policyOf('head', [`0x${alice.keyId.toLowerCase()}`]))).toEqual([]);
  });

  it('refuses a commit that is unsigned, of another key, or of a key that is not in the keyring', async () => {
    const repository = await repositoryWith();
    expect(await problemsOf(repository, policyOf('head', [alice.keyId]))).toEqual([
      problem(await repository.head(), 'unsigned', ''),
    ]);
    const ofBob = await bob.commit(repository, { 'a.txt': '1' });
    expect(await problemsOf(repository, policyOf('head', [alice.keyId]))).toEqual([
      problem(ofBob, 'signed with unallowed key', bob.keyId),
    ]);
    const unknown = await problemsOf(repository, policyOf('head', [bob.keyId], [alice]));
    expect(unknown).toEqual([problem(ofBob, 'signed with key not in keyring', bob.keyId)]);
  });

  it('refuses a commit that was changed after it was signed', async () => {
    const repository = await repositoryWith();
    await alice.commit(repository, { 'a.txt': '1' }, { message: 'honest' });
    const forged = (await repository.git('cat-file', 'commit', 'main')).replace('honest', 'forged');
    const file = join(directory, 'forged');
    writeFileSync(file, `${forged}\n`);
    const sha = await repository.git('hash-object', '-t', 'commit', '-w', file);
    await repository.git('update-ref', 'refs/heads/main', sha);
    expect(await problemsOf(repository, policyOf('head', [alice.keyId]))).toEqual([
      problem(sha, 'bad signature', alice.keyId),
    ]);
  });

  it('judges an annotated tag by its own signature, a plain one and a SHA by the commit', async () => {
    const repository = await repositoryWith();
    const unsigned = await repository.head();
    await alice.tag(repository, 'v1.0.0');
    await repository.tag('v2.0.0', 'main', 'not signed');
    await repository.tag('plain');
    const policy = policyOf('head', [alice.keyId]);
    expect(await problemsOf(repository, policy, 'v1.0.0')).toEqual([]);
    expect(await problemsOf(repository, policy, '1.x')).toEqual([]);
    expect(await problemsOf(repository, policy, 'v2.0.0')).toEqual([problem('v2.0.0', 'unsigned', '')]);
    expect(await problemsOf(repository, policy, 'plain')).toEqual([problem(unsigned, 'unsigned', '')]);
    expect(await problemsOf(repository, policy, unsigned)).toEqual([problem(unsigned, 'unsigned', '')]);
  });

  it('refuses a signed tag under another name: its signature says nothing about that', async () => {
    const repository = await repositoryWith();
    await alice.tag(repository, 'v1.0.0');
    await repository.git('update-ref', 'refs/tags/v9.0.0', await repository.git('rev-parse', 'refs/tags/v1.0.0'));
    expect(await problemsOf(repository, policyOf('head', [alice.keyId]), 'v9.0.0')).toEqual([
      problem('v9.0.0', 'bad signature', ''),
    ]);
  });

  it('takes SSH signatures of commits and tags by the fingerprint of an allowed signer (ours)', async () => {
    const repository = await repositoryWith();
    const commit = await carol.commit(repository, { 'a.txt': '1' });
    await carol.tag(repository, 'v1.0.0');
    const policy = policyOf('head', [carol.keyId]);
    expect(await problemsOf(repository, policy)).toEqual([]);
    expect(await problemsOf(repository, policy, 'v1.0.0')).toEqual([]);
    const stranger = { ...policy, sshAllowedSigners: '' };
    expect(await problemsOf(repository, stranger)).toEqual([problem(commit, 'signed with untrusted key', carol.keyId)]);
    expect(await problemsOf(repository, stranger, 'v1.0.0')).toEqual([
      expect.stringContaining('Failed verifying revision v1.0.0'),
    ]);
  });
});

describe('S28 mode strict', () => {
  it('refuses what was not signed anywhere in the history, also of a shallow repository', async () => {
    const repository = await repositoryWith();
    const root = await repository.head();
    await alice.commit(repository, { 'a.txt': '1' });
    await alice.commit(repository, { 'a.txt': '2' });
    const policy = policyOf('strict', [alice.keyId]);
    expect(await problemsOf(repository, policy)).toEqual([problem(root, 'unsigned', '')]);
    expect(await problemsOf(repository, policy, { depth: 1 })).toEqual([problem(root, 'unsigned', '')]);
    await alice.tag(repository, 'v1.0.0');
    expect(await problemsOf(repository, policy, 'v1.0.0')).toEqual([problem(root, 'unsigned', '')]);
  });

  it('ends at a seal that an allowed key signed, and at no other', async () => {
    const repository = await repositoryWith();
    const root = await repository.head();
    const seal = { message: 'seal\n\nArgoCD-gpg-seal: reviewed' };
    const policy = policyOf('strict', [alice.keyId]);
    const ofBob = await bob.commit(repository, { 'a.txt': '1' }, seal);
    await repository.commit({ 'a.txt': '2' }, seal);
    const unsealed = await problemsOf(repository, policy);
    expect(unsealed).toEqual([
      problem(await repository.head(), 'unsigned', ''),
      problem(ofBob, 'signed with unallowed key', bob.keyId),
      problem(root, 'unsigned', ''),
    ]);
    await alice.commit(repository, { 'a.txt': '3' }, { message: 'no trailer: Argocd-gpg-seal: is only mentioned' });
    expect(await problemsOf(repository, policy)).toHaveLength(3);
    await alice.commit(repository, { 'a.txt': '4' }, seal);
    await alice.commit(repository, { 'a.txt': '5' });
    expect(await problemsOf(repository, policy)).toEqual([]);
  });
});

describe('problems', () => {
  const noKeys: SignaturePolicy = { mode: 'strict', keys: [], gpgKeys: [], sshAllowedSigners: '' };
  const of = (number: number, keyId: string): RevisionSignature => ({
    ...{ revision: String(number).padStart(40, '0'), author: 'a <a@b>', keyId, primaryKey: '' },
    result: keyId === '' ? 'unsigned' : 'signed with revoked key',
  });
  it('are at most ten, and commits of one refused key are named once', () => {
    const keys = signatureProblems(
      noKeys,
      Array.from({ length: 30 }, (_, index) => of(index, 'AB')),
    );
    expect(keys).toHaveLength(1);
    const unsigned = signatureProblems(
      noKeys,
      Array.from({ length: 30 }, (_, index) => of(index, '')),
    );
    expect(unsigned).toHaveLength(10);
  });

  const good = (keyId: string, primaryKey = ''): RevisionSignature => ({
    ...of(1, keyId),
    result: 'signed',
    primaryKey,
  });
  it.each([
    ['the long id', ['1122334455667788'], good('1122334455667788'), true],
    [
      'the fingerprint of the primary key',
      [`${'0'.repeat(24)}AABBCCDDEEFF0011`],
      good('1122334455667788', `${'0'.repeat(24)}AABBCCDDEEFF0011`),
      true,
    ],
    ['a short id, which can be forged', ['55667788'], good('1122334455667788'), false],
    ['no key', [], good('1122334455667788'), false],
    ['an empty key', [''], good(''), false],
  ])('a policy that names %s', (...[, keys, signature, expected]) =>
    expect(isTrusted({ keys }, signature)).toBe(expected),
  );
});

describe('what people read about a revision', () => {
  const of = (result: RevisionSignature['result']): RevisionSignature => ({
    ...{ revision: '1'.repeat(40), author: 'Me <me@host>', keyId: 'ABCD', primaryKey: '', result },
  });
  it.each([
    ['signed', 'Good signature from Me <me@host> key ABCD'],
    ['bad signature', 'Bad signature from Me <me@host> key ABCD'],
    ['signed with expired key', 'Invalid signature from Me <me@host> key ABCD'],
    ['unsigned', 'Revision is not signed.'],
  ] as const)('%s', (result, text) => expect(signatureInfo(of(result))).toBe(text));
});
