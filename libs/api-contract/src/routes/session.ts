/** Session routes (N13): password login, logout, who am I. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema } from '../schemas/common.js';

const tag = 'SessionService';

export const SessionCreateRequestSchema = Type.Object({
  username: Type.Optional(Type.String({ maxLength: 256 })),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
  token: Type.Optional(Type.String()),
});
export const SessionResponseSchema = Type.Object({ token: Type.Optional(Type.String()) });
export const UserInfoSchema = Type.Object({
  loggedIn: Type.Optional(Type.Boolean()),
  username: Type.Optional(Type.String()),
  iss: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
});

export type SessionCreateRequest = Static<typeof SessionCreateRequestSchema>;
export type SessionResponse = Static<typeof SessionResponseSchema>;
export type UserInfo = Static<typeof UserInfoSchema>;

export const sessionRoutes = {
  create: defineRoute({
    ...{ method: 'POST', path: '/api/v1/session', operationId: 'SessionService_Create', tag, access: 'public' },
    summary: 'Create a new JWT for authentication and set a cookie if using HTTP',
    schemas: { body: SessionCreateRequestSchema, response: SessionResponseSchema },
  }),
  delete: defineRoute({
    ...{ method: 'DELETE', path: '/api/v1/session', operationId: 'SessionService_Delete', tag, access: 'public' },
    summary: 'Delete an existing JWT cookie if using HTTP; the token is revoked',
    schemas: { response: EmptySchema },
  }),
  userInfo: defineRoute({
    ...{
      method: 'GET',
      path: '/api/v1/session/userinfo',
      operationId: 'SessionService_GetUserInfo',
      tag,
      access: 'public',
    },
    summary: "Get the current user's info",
    schemas: { response: UserInfoSchema },
  }),
};
