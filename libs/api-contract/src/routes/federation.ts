/** Our additions beside Argo CD's paths: logins of machines without a browser (RFC 8628), exchange of tokens (RFC 8693). */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema } from '../schemas/common.js';

const tag = 'SessionService';
const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));

const DeviceStartSchema = Type.Object({
  client_id: text(128),
  scope: text(1024),
  /** What the person sees. */
  client_name: text(128),
});
const DeviceCodeSchema = Type.Object({
  device_code: Type.String(),
  user_code: Type.String(),
  verification_uri: Type.String(),
  verification_uri_complete: Type.String(),
  expires_in: Type.Integer(),
  interval: Type.Integer(),
});
const DeviceTokenRequestSchema = Type.Object({
  grant_type: text(128),
  client_id: text(128),
  device_code: Type.String({ maxLength: 256 }),
});
const OAuthTokenSchema = Type.Object({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer(),
  issued_token_type: Type.Optional(Type.String()),
});
const DeviceDecisionSchema = Type.Object({
  user_code: Type.String({ maxLength: 64 }),
  decision: Type.Union([Type.Literal('confirm'), Type.Literal('deny')]),
});
const ExchangeSchema = Type.Object({
  grant_type: text(128),
  subject_token: Type.String({ maxLength: 16_384 }),
  subject_token_type: text(128),
  requested_token_type: text(128),
  /** `proj:<project>:<role>` where several rules fit; other words are ignored. */
  scope: text(1024),
  /** Name of a rule; Dex's name for where a token is from. */
  connector_id: text(128),
  audience: text(1024),
  client_id: text(128),
});

export const federationRoutes = {
  startDeviceLogin: defineRoute({
    ...{ method: 'POST', path: '/api/v1/session/device', operationId: 'SessionService_StartDeviceLogin', tag },
    ...{ access: 'public', summary: 'Begin a login that a person confirms in a browser elsewhere (RFC 8628)' },
    schemas: { body: Type.Optional(DeviceStartSchema), response: DeviceCodeSchema },
  }),
  deviceToken: defineRoute({
    ...{ method: 'POST', path: '/api/v1/session/device/token', operationId: 'SessionService_DeviceToken', tag },
    ...{ access: 'public', summary: 'Ask whether the login was confirmed, and get its session token' },
    schemas: { body: DeviceTokenRequestSchema, response: OAuthTokenSchema },
  }),
  decideDeviceLogin: defineRoute({
    ...{
      method: 'POST',
      path: '/api/v1/session/device/decision',
      operationId: 'SessionService_DecideDeviceLogin',
      tag,
    },
    ...{ access: 'session', summary: 'Confirm or deny a login that somebody began on another machine' },
    schemas: { body: DeviceDecisionSchema, response: EmptySchema },
  }),
  exchangeToken: defineRoute({
    ...{ method: 'POST', path: '/api/v1/session/exchange', operationId: 'SessionService_ExchangeToken', tag },
    ...{ access: 'public', summary: 'Exchange the token of a CI system for one of a project role (RFC 8693)' },
    schemas: { body: ExchangeSchema, response: OAuthTokenSchema },
  }),
};
