/** Version, settings, plugins, names of notifications, certificates and GPG keys (N07, N08, N14-N16). */
import { createGpgSigner } from '@tiphys/testing';
import { expect } from 'vitest';
import { type CaseTable, conflict, FILTER, invalid, NO_INPUT, none, notFound } from '../case.js';
import { asAdmin } from '../fixtures.js';
import type { World } from '../world.js';

const LISTED = none('it lists what there is');
const open = { missing: LISTED, invalid: NO_INPUT };

/** An ssh-ed25519 key as in known_hosts, base64 once more, as clients send it. */
function hostKey(fill: number): string {
  const name = Buffer.from('ssh-ed25519');
  const length = (value: number) => Buffer.from([0, 0, 0, value]);
  const key = Buffer.concat([length(name.length), name, length(32), Buffer.alloc(32, fill)]).toString('base64');
  return Buffer.from(key).toString('base64');
}

const certificate = (serverName: string, fill = 1) => ({
  ...{ serverName, certType: 'ssh', certSubType: 'ssh-ed25519', certData: hostKey(fill) },
});

async function knownHost(world: World): Promise<string> {
  const name = `${world.fresh('host')}.invalid`;
  await asAdmin(world, 'CertificateService_CreateCertificate', { body: { items: [certificate(name)] } });
  return name;
}

let signer: ReturnType<typeof createGpgSigner> | undefined;

/** Made when it is first needed. */
function gpgKey() {
  signer ??= createGpgSigner('surface');
  return signer;
}

export function removeGpgKey(): void {
  signer?.stop();
}

async function importedKey(world: World): Promise<string> {
  const { keyId, publicKey } = gpgKey();
  await asAdmin(world, 'GPGKeyService_Create', { body: { keyData: publicKey }, query: { upsert: 'true' } });
  return keyId;
}

const ABSENT_KEY = 'ABCDEF0123456789';

export const installationCases: CaseTable = {
  VersionService_Version: {
    ...{ success: () => ({}), ...open },
    shows: (answer) => expect(answer).toMatchObject({ Version: expect.stringMatching(/^v\d/) }),
  },
  SettingsService_Get: {
    ...{ success: () => ({}), ...open },
    shows: (answer) => expect(answer).toMatchObject({ url: 'https://tiphys.example.com', statusBadgeEnabled: true }),
  },
  SettingsService_GetPlugins: { success: () => ({}), ...open },
  NotificationService_ListServices: {
    ...{ success: () => ({}), ...open },
    shows: (answer) => expect(answer).toEqual({ items: [{ name: 'slack' }] }),
  },
  NotificationService_ListTemplates: { success: () => ({}), ...open },
  NotificationService_ListTriggers: { success: () => ({}), ...open },
  CertificateService_ListCertificates: {
    success: async (world) => ({ query: { hostNamePattern: await knownHost(world) } }),
    missing: FILTER,
    invalid: FILTER,
    shows: (answer) => expect(answer).toMatchObject({ items: [{ certType: 'ssh' }] }),
  },
  CertificateService_CreateCertificate: {
    success: (world) => ({ body: { items: [certificate(`${world.fresh('host')}.invalid`)] } }),
    missing: none('it creates'),
    invalid: invalid(() => ({ body: { items: [{ serverName: 'a.invalid', certType: 'paper' }] } }), /certificate type/),
    conflict: conflict(async (world) => ({ body: { items: [certificate(await knownHost(world), 2)] } }), /upsert/),
  },
  CertificateService_DeleteCertificate: {
    success: async (world) => ({ query: { hostNamePattern: await knownHost(world), certType: 'ssh' } }),
    missing: FILTER,
    invalid: FILTER,
    conflict: none('certificates are deleted whatever uses them'),
  },
  GPGKeyService_List: {
    success: async (world) => ({ query: { keyID: await importedKey(world) } }),
    missing: FILTER,
    invalid: invalid(() => ({ query: { keyID: 'x' } }), /KeyID is malformed or empty/),
  },
  GPGKeyService_Create: {
    success: () => ({ body: { keyData: gpgKey().publicKey } }),
    missing: none('it creates'),
    invalid: invalid(() => ({ body: { keyData: 'x' } }), /key/i),
    conflict: none('a key that is there already is skipped: gpgkeys.int.test.ts'),
  },
  GPGKeyService_Delete: {
    success: async (world) => ({ query: { keyID: await importedKey(world) } }),
    missing: notFound(() => ({ query: { keyID: ABSENT_KEY } }), /No such key/),
    invalid: invalid(() => ({ query: { keyID: 'x' } }), /KeyID is malformed or empty/),
    conflict: none('keys are deleted whatever uses them'),
  },
  GPGKeyService_Get: {
    success: async (world) => ({ params: { keyID: await importedKey(world) } }),
    missing: notFound(() => ({ params: { keyID: ABSENT_KEY } }), /No such key/),
    invalid: invalid(() => ({ params: { keyID: 'x' } }), /KeyID is malformed or empty/),
  },
};
