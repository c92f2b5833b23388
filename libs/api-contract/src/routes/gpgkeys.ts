/** GPG key routes (N08): public keys that signatures of commits are checked against (G13). */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema, flag, ListMetaSchema, text } from '../schemas/common.js';

const tag = 'GPGKeyService';

export const GpgKeySchema = Type.Object({
  /** 16 upper-case hex digits. */
  keyID: text(),
  fingerprint: text(),
  /** The first user ID. */
  owner: text(),
  trust: text(),
  /** The algorithm, for example `rsa4096`. */
  subType: text(),
  /** Armored. Not in lists. */
  keyData: text(),
});
export const GpgKeyListSchema = Type.Object({ metadata: ListMetaSchema, items: Type.Array(GpgKeySchema) });

export type GpgKeyBody = Static<typeof GpgKeySchema>;

const path = '/api/v1/gpgkeys';
const query = Type.Object({ keyID: text() });

export const gpgKeyRoutes = {
  list: defineRoute({
    access: { resource: 'gpgkeys', action: 'get' },
    ...{ method: 'GET', path, operationId: 'GPGKeyService_List', tag },
    summary: 'List all available repository certificates',
    schemas: { query, response: GpgKeyListSchema },
  }),
  create: defineRoute({
    access: { resource: 'gpgkeys', action: 'create' },
    ...{ method: 'POST', path, operationId: 'GPGKeyService_Create', tag },
    summary: 'Create one or more GPG public keys in the server configuration',
    schemas: {
      query: Type.Object({ upsert: flag() }),
      body: GpgKeySchema,
      response: Type.Object({ created: GpgKeyListSchema, skipped: Type.Array(Type.String()) }),
    },
  }),
  delete: defineRoute({
    access: { resource: 'gpgkeys', action: 'delete' },
    ...{ method: 'DELETE', path, operationId: 'GPGKeyService_Delete', tag },
    summary: 'Delete specified GPG public key from the server configuration',
    schemas: { query, response: EmptySchema },
  }),
  get: defineRoute({
    access: { resource: 'gpgkeys', action: 'get' },
    ...{ method: 'GET', path: `${path}/{keyID}`, operationId: 'GPGKeyService_Get', tag },
    summary: 'Get information about specified GPG public key from the server',
    schemas: { params: Type.Object({ keyID: Type.String({ minLength: 1 }) }), response: GpgKeySchema },
  }),
};
