/** Public keys as GnuPG makes and reads them. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { removeDirectory, temporaryDirectory } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPublicKeys } from './public-key.js';

const home = temporaryDirectory('gpg-keys');
const ALGORITHMS = ['ed25519', 'rsa2048', 'nistp256', 'dsa2048'] as const;

// Names are UTF-8 whatever the locale of the machine.
const gpg = (args: readonly string[], input?: string) =>
  execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--utf8-strings', ...args], {
    ...{ encoding: 'utf8', stdio: 'pipe' },
    ...(input === undefined ? {} : { input }),
  });
const fingerprintOf = (name: string) => /^fpr:+([0-9A-F]{40}):/m.exec(gpg(['--with-colons', '-k', name]))?.[1];

beforeAll(() => {
  chmodSync(home, 0o700);
  for (const algorithm of ALGORITHMS) {
    const user = `Ünï ${algorithm} <${algorithm}@tiphys.invalid>`;
    gpg(['--passphrase', '', '--quick-gen-key', user, algorithm, 'sign', 'never']);
  }
});

afterAll(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  removeDirectory(home);
});

describe('readPublicKeys', () => {
  it.each(ALGORITHMS)('reads a key of %s as GnuPG does', (algorithm) => {
    const fingerprint = fingerprintOf(`${algorithm}@`) ?? '';
    const [key, ...more] = readPublicKeys(gpg(['--armor', '--export', fingerprint]));
    expect(more).toEqual([]);
    expect(key).toMatchObject({
      ...{ fingerprint, keyID: fingerprint.slice(-16), subType: algorithm, trust: 'unknown' },
      owner: `Ünï ${algorithm} <${algorithm}@tiphys.invalid>`,
    });
  });

  it('takes several keys of one block apart; GnuPG reads each', () => {
    const keys = readPublicKeys(gpg(['--armor', '--export']));
    expect(keys.map(({ subType }) => subType)).toEqual(ALGORITHMS);
    for (const { keyData, fingerprint } of keys) {
      expect(gpg(['--with-colons', '--show-keys'], keyData)).toContain(fingerprint);
    }
  });

  it('refuses a private key', () => {
    const secret = gpg(['--passphrase', '', '--armor', '--export-secret-keys', 'ed25519@']);
    expect(() => readPublicKeys(secret)).toThrow('only public keys belong here');
    expect(() => readPublicKeys(secret.replaceAll('PRIVATE', 'PUBLIC'))).toThrow('export the public one');
  });

  it('refuses a key with a damaged letter, and one that is cut off', () => {
    const text = gpg(['--armor', '--export', 'rsa2048@']);
    const at = text.indexOf('\n\n') + 60;
    const other = text[at] === 'A' ? 'B' : 'A';
    expect(() => readPublicKeys(text.slice(0, at) + other + text.slice(at + 1))).toThrow('checksum');
    const cut = text.replace(/\n=.{4}\n/, '\n').replace(/[A-Za-z0-9+/=]+\n-----END/, '-----END');
    expect(() => readPublicKeys(cut)).toThrow(/cut off|not an OpenPGP key/);
  });

  it.each([
    ['no block', 'hello', /no armored PGP PUBLIC KEY BLOCK/],
    ['an empty block', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----', /not base64/],
    [
      'something else',
      `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----`,
      /not an OpenPGP key/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => readPublicKeys(text)).toThrow(message);
  });
});
