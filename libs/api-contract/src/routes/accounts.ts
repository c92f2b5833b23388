/** Account routes (N05): who may do what, passwords, tokens of local accounts. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema, flag, int64, text } from '../schemas/common.js';

const tag = 'AccountService';

export const AccountTokenSchema = Type.Object({
  id: text(),
  /** Seconds since 1970; `expiresAt` is left out for tokens that never expire. */
  issuedAt: Type.Optional(Type.Integer()),
  expiresAt: Type.Optional(Type.Integer()),
});
export const AccountSchema = Type.Object({
  name: text(),
  enabled: flag(),
  capabilities: Type.Optional(Type.Array(Type.String())),
  tokens: Type.Optional(Type.Array(AccountTokenSchema)),
});
export const AccountListSchema = Type.Object({ items: Type.Array(AccountSchema) });
export const CanIResponseSchema = Type.Object({ value: Type.Union([Type.Literal('yes'), Type.Literal('no')]) });
export const UpdatePasswordRequestSchema = Type.Object({
  newPassword: Type.Optional(Type.String({ maxLength: 1024 })),
  currentPassword: Type.Optional(Type.String({ maxLength: 1024 })),
  name: text(),
});
export const CreateTokenRequestSchema = Type.Object({
  name: text(),
  expiresIn: Type.Optional(int64()),
  id: Type.Optional(Type.String({ maxLength: 256 })),
});
export const TokenResponseSchema = Type.Object({ token: Type.String() });

export type AccountBody = Static<typeof AccountSchema>;

const named = Type.Object({ name: Type.String({ minLength: 1 }) });
const update = { resource: 'accounts', action: 'update' } as const;

export const accountRoutes = {
  list: defineRoute({
    access: { resource: 'accounts', action: 'get', perItem: true },
    ...{ method: 'GET', path: '/api/v1/account', operationId: 'AccountService_ListAccounts', tag },
    summary: 'ListAccounts returns the list of accounts',
    schemas: { response: AccountListSchema },
  }),
  canI: defineRoute({
    access: 'session',
    rest: true,
    ...{ method: 'GET', path: '/api/v1/account/can-i/{resource}/{action}/{subresource}', tag },
    operationId: 'AccountService_CanI',
    summary: 'CanI checks if the current account has permission to perform an action',
    schemas: {
      params: Type.Object({ resource: Type.String(), action: Type.String(), subresource: Type.String() }),
      response: CanIResponseSchema,
    },
  }),
  updatePassword: defineRoute({
    access: 'session',
    ...{ method: 'PUT', path: '/api/v1/account/password', operationId: 'AccountService_UpdatePassword', tag },
    summary: "UpdatePassword updates an account's password to a new value",
    schemas: { body: UpdatePasswordRequestSchema, response: EmptySchema },
  }),
  get: defineRoute({
    access: { resource: 'accounts', action: 'get' },
    ...{ method: 'GET', path: '/api/v1/account/{name}', operationId: 'AccountService_GetAccount', tag },
    summary: 'GetAccount returns an account',
    schemas: { params: named, response: AccountSchema },
  }),
  createToken: defineRoute({
    access: update,
    ...{ method: 'POST', path: '/api/v1/account/{name}/token', operationId: 'AccountService_CreateToken', tag },
    summary: 'CreateToken creates a token',
    schemas: { params: named, body: CreateTokenRequestSchema, response: TokenResponseSchema },
  }),
  deleteToken: defineRoute({
    access: update,
    ...{ method: 'DELETE', path: '/api/v1/account/{name}/token/{id}', operationId: 'AccountService_DeleteToken', tag },
    summary: 'DeleteToken deletes a token',
    schemas: {
      params: Type.Object({ ...named.properties, id: Type.String({ minLength: 1 }) }),
      response: EmptySchema,
    },
  }),
};
