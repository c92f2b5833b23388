/** GPG keys: list, get, add, remove (N08). One key of the ConfigMap is one public key. */
import type { GpgKeyBody, gpgKeyRoutes } from '@tiphys/api-contract';
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { DataWriter } from '../../kube/data-writer.js';
import { invalid } from './armor.js';
import { type PublicKey, readPublicKeys } from './public-key.js';

type Routes = typeof gpgKeyRoutes;

export interface GpgKeyDeps {
  readonly settings: Pick<LiveSettings, 'configMap'>;
  readonly writer: DataWriter;
  readonly authorizer: Authorizer;
  readonly log: Logger;
}

const TARGET = { kind: 'configMaps', name: CONFIG_OBJECTS.gpgKeys } as const;
const KEY_ID = /^[0-9A-F]{16}$/;

export function createListGpgKeys(deps: GpgKeyDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    authorize(deps.authorizer, user, { resource: 'gpgkeys', action: 'get', object: '' });
    const wanted = query.keyID ? keyIdOf(query.keyID) : undefined;
    const entries = Object.entries(deps.settings.configMap(TARGET.name)).filter(([id]) => KEY_ID.test(id));
    const shown = entries.filter(([id]) => wanted === undefined || id === wanted).map(([id, text]) => bodyOf(id, text));
    const items = shown.map(({ keyData: _data, ...key }) => key);
    return { metadata: {}, items: items.sort((a, b) => ((a.keyID ?? '') < (b.keyID ?? '') ? -1 : 1)) };
  };
}

export function createGetGpgKey(deps: GpgKeyDeps): Handler<Routes['get']['schemas']> {
  return async ({ params }, { user }) => {
    authorize(deps.authorizer, user, { resource: 'gpgkeys', action: 'get', object: '' });
    const id = keyIdOf(params.keyID);
    const text = deps.settings.configMap(TARGET.name)[id];
    if (text === undefined) throw new ApiError('notFound', `No such key: ${id}`);
    return bodyOf(id, text);
  };
}

/** A key that is there already is skipped; with `upsert` it is replaced, for example by one that expires later. */
export function createCreateGpgKeys(deps: GpgKeyDeps): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, { user, signal }) => {
    authorize(deps.authorizer, user, { resource: 'gpgkeys', action: 'create', object: '' });
    const upsert = query.upsert === true;
    // No role of Argo CD may update keys: replacing one is deleting it and creating another.
    if (upsert) authorize(deps.authorizer, user, { resource: 'gpgkeys', action: 'delete', object: '' });
    const keys = readPublicKeys(body.keyData ?? '');
    let created: readonly PublicKey[] = [];
    await deps.writer.change(
      TARGET,
      (data) => {
        created = keys.filter(({ keyID }) => upsert || data[keyID] === undefined);
        return Object.fromEntries(created.map(({ keyID, keyData }) => [keyID, keyData]));
      },
      signal,
    );
    const ids = created.map(({ keyID }) => keyID);
    deps.log.info('GPG keys added', { user: user.username, keys: ids, security: 2 });
    const skipped = keys.map(({ keyID }) => keyID).filter((id) => !ids.includes(id));
    return { created: { metadata: {}, items: [...created] }, skipped };
  };
}

export function createDeleteGpgKey(deps: GpgKeyDeps): Handler<Routes['delete']['schemas']> {
  return async ({ query }, { user, signal }) => {
    authorize(deps.authorizer, user, { resource: 'gpgkeys', action: 'delete', object: '' });
    const id = keyIdOf(query.keyID ?? '');
    await deps.writer.change(
      TARGET,
      (data) => {
        if (data[id] === undefined) throw new ApiError('notFound', `No such key: ${id}`);
        return { [id]: null };
      },
      signal,
    );
    deps.log.info('GPG key removed', { user: user.username, key: id, security: 2 });
    return {};
  };
}

/** Long ids and fingerprints, in any case and with `0x`. */
function keyIdOf(text: string): string {
  const digits = text.replace(/^0x/i, '').toUpperCase();
  if (/^(?:[0-9A-F]{16}|[0-9A-F]{40})$/.test(digits)) return digits.slice(-16);
  throw invalid(`KeyID is malformed or empty: "${text}"; it is 16 hex digits, or the fingerprint's 40`);
}

/** An entry that somebody wrote by hand and that is no key is shown with its id alone. */
function bodyOf(keyID: string, text: string): GpgKeyBody {
  try {
    return readPublicKeys(text).find((key) => key.keyID === keyID) ?? { keyID, keyData: text };
  } catch {
    return { keyID, keyData: text };
  }
}
