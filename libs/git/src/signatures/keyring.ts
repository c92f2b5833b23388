/** Keyrings on disk for gpg and ssh-keygen: one per set of keys, made when it is first wanted. */
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { singleFlight } from '@tiphys/runtime';
import { runTool } from '../cli/command.js';
import { GitError } from '../errors.js';
import type { SignaturePolicy } from './policy.js';

export interface Keyring {
  /** Names the set of keys. */
  readonly id: string;
  /** Home of gpg. */
  readonly directory: string;
  readonly allowedSignersFile: string;
}

export interface Keyrings {
  /** @throws GitError `unsupported` without gpg; keys that are broken are left out. */
  get(policy: Pick<SignaturePolicy, 'gpgKeys' | 'sshAllowedSigners'>): Promise<Keyring>;
}

/** The keys are trusted because an administrator put them there; nothing is ever fetched. */
const GPG_CONF = [
  'batch',
  'no-tty',
  'no-autostart',
  'no-auto-key-retrieve',
  'no-auto-check-trustdb',
  'trust-model always',
];
const IMPORT_TIMEOUT_MS = 30_000;
const MAX_KEYRINGS = 50;

/** Everything under `directory` is deleted at the first use: it can be made again. */
export function createKeyrings(directory: string): Keyrings {
  const flights = singleFlight();
  const made = new Map<string, Keyring>();
  let cleaned: Promise<void> | undefined;
  return {
    get: (policy) => {
      const id = createHash('sha256')
        .update(JSON.stringify([policy.gpgKeys, policy.sshAllowedSigners]))
        .digest('hex')
        .slice(0, 32);
      const known = made.get(id);
      if (known !== undefined) return Promise.resolve(known);
      return flights.run(id, async () => {
        cleaned ??= rm(directory, { recursive: true, force: true, maxRetries: 5 });
        await cleaned;
        const keyring = await makeKeyring(join(directory, id), id, policy);
        made.set(id, keyring);
        await dropOldest(made);
        return keyring;
      });
    },
  };
}

async function dropOldest(made: Map<string, Keyring>): Promise<void> {
  const [oldest] = made.values();
  if (made.size <= MAX_KEYRINGS || oldest === undefined) return;
  made.delete(oldest.id);
  await rm(oldest.directory, { recursive: true, force: true, maxRetries: 5 });
}

async function makeKeyring(
  directory: string,
  id: string,
  { gpgKeys, sshAllowedSigners }: Pick<SignaturePolicy, 'gpgKeys' | 'sshAllowedSigners'>,
): Promise<Keyring> {
  const fresh = `${directory}.new`;
  await rm(fresh, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  await writeFile(join(fresh, 'gpg.conf'), `${GPG_CONF.join('\n')}\n`, { mode: 0o600 });
  await writeFile(join(fresh, 'allowed_signers'), sshAllowedSigners, { mode: 0o600 });
  for (const [index, key] of gpgKeys.entries()) {
    const file = join(fresh, `key-${index}.asc`);
    await writeFile(file, key, { mode: 0o600 });
    await importKey(fresh, file);
  }
  await rename(fresh, directory);
  return { id, directory, allowedSignersFile: join(directory, 'allowed_signers') };
}

/** A key that cannot be read opens nothing: signatures by it are refused as of an unknown key. */
async function importKey(home: string, file: string): Promise<void> {
  try {
    await runTool('gpg', {
      args: ['--homedir', home, '--import', '--', file],
      env: {},
      timeoutMs: IMPORT_TIMEOUT_MS,
      signal: new AbortController().signal,
      url: 'the GPG keys',
    });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') return;
    const next =
      'Install gnupg beside the repo-server, as its image does, or remove the signature policy of the project.';
    throw new GitError('unsupported', `Signatures cannot be verified: the program gpg is not there. ${next}`, {
      cause: error,
    });
  }
}
