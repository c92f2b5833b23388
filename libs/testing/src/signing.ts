/** People who sign commits and tags: with a key of gpg, or one of ssh-keygen. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitOptions, Files, GitRepository } from './git-repository.js';
import { removeDirectory, temporaryDirectory } from './process.js';

/** Somebody with a key. */
export interface Signer {
  /** Long id of the OpenPGP key, or `SHA256:...` of the SSH key. */
  readonly keyId: string;
  /** Armored, or a line of an allowed signers file. */
  readonly publicKey: string;
  /** Commits on top of a branch, signed; `message` may have trailers. Returns the SHA. */
  commit(repository: GitRepository, files: Files, options?: CommitOptions): Promise<string>;
  /** A signed, annotated tag at a revision (default `main`). */
  tag(repository: GitRepository, name: string, revision?: string): Promise<void>;
  /** Ends what gpg started, and removes the keys. */
  stop(): void;
}

/** A key that is made for this test; `expires` as gpg takes it (`seconds=5`, `never`). */
export function createGpgSigner(name: string, expires = 'never'): Signer {
  const home = temporaryDirectory('gpg');
  chmodSync(home, 0o700);
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...args], { encoding: 'utf8', stdio: 'pipe' });
  gpg('--passphrase', '', '--quick-gen-key', `${name} <${name}@tiphys.invalid>`, 'ed25519', 'sign', expires);
  const keyId = /^sec:[^:]*:[^:]*:[^:]*:([0-9A-F]+):/m.exec(gpg('--list-secret-keys', '--with-colons'))?.[1] ?? '';
  const program = join(home, 'sign.sh');
  writeFileSync(program, `#!/bin/sh\nexec gpg --homedir '${home}' --batch "$@"\n`, { mode: 0o700 });
  return {
    ...{ keyId, publicKey: gpg('--armor', '--export', keyId) },
    ...signWith([`user.signingKey=${keyId}`, `gpg.program=${program}`]),
    stop: () => {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      removeDirectory(home);
    },
  };
}

export function createSshSigner(name: string): Signer {
  const home = temporaryDirectory('ssh-signer');
  const file = join(home, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  const listed = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
  return {
    keyId: listed.split(' ')[1] ?? '',
    publicKey: `${name} ${publicKey}`,
    ...signWith([`user.signingKey=${file}`, 'gpg.format=ssh']),
    stop: () => removeDirectory(home),
  };
}

function signWith(settings: readonly string[]): Pick<Signer, 'commit' | 'tag'> {
  const flags = settings.flatMap((setting) => ['-c', setting]);
  return {
    commit: async (repository, files, options = {}) => {
      const { message = 'change', branch = 'main' } = options;
      const plain = await repository.commit(files, options);
      const [, ...parents] = (await repository.git('rev-list', '--parents', '--max-count=1', plain)).split(' ');
      const ancestry = parents.flatMap((parent) => ['-p', parent]);
      const identity = ['-c', 'user.name=Tiphys Test', '-c', 'user.email=test@tiphys.invalid'];
      const tree = `${plain}^{tree}`;
      const signed = await repository.git(...flags, ...identity, 'commit-tree', '-S', ...ancestry, '-m', message, tree);
      await repository.git('update-ref', `refs/heads/${branch}`, signed);
      return signed;
    },
    tag: async (repository, name, revision = 'main') => {
      await repository.git(...flags, 'tag', '--sign', '--force', '--message', `release ${name}`, name, revision);
    },
  };
}
