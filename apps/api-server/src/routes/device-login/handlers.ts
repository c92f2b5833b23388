/** The three requests of a device login (RFC 8628): the machine begins and asks, the person decides. */
import type { federationRoutes } from '@tiphys/api-contract';
import {
  type DeviceClient,
  type DeviceDecision,
  type DevicePoll,
  normalizeUserCode,
} from '../../auth/federation/device-logins.js';
import { ApiError } from '../../errors.js';
import type { PublicContext } from '../../http/context.js';
import type { PublicHandler } from '../../http/handler.js';
import { OAuthError } from '../../http/oauth-error.js';
import { confirmationBy, sessionFor } from './confirmation.js';
import type { DeviceLoginDeps } from './deps.js';

type Routes = typeof federationRoutes;

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const DEVICE_PAGE = '/device';

export function createStartDeviceLogin(deps: DeviceLoginDeps): PublicHandler<Routes['startDeviceLogin']['schemas']> {
  return async ({ body }, context) => {
    const name = (body?.client_name ?? body?.client_id ?? '').trim() || 'a command line';
    const started = await deps.logins.start({ name, address: context.sourceIp });
    const page = `${baseUrl(deps, context)}${DEVICE_PAGE}`;
    return {
      device_code: started.deviceCode,
      user_code: started.userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${started.userCode}`,
      expires_in: started.expiresInSeconds,
      interval: started.intervalSeconds,
    };
  };
}

/** `url` of argocd-cm; else as the client reached us. */
function baseUrl({ settings }: DeviceLoginDeps, { origin }: Pick<PublicContext, 'origin'>): string {
  return settings.server().url ?? origin;
}

/** Answers while it is not a token; the codes are those of RFC 8628, 3.5. */
const REFUSALS: Readonly<Record<Exclude<DevicePoll['kind'], 'confirmed'>, readonly [string, string]>> = {
  pending: ['authorization_pending', 'nobody has confirmed the login yet; ask again after the interval'],
  tooFast: ['slow_down', 'wait five seconds longer before each further request'],
  denied: ['access_denied', 'the login was denied'],
  expired: ['expired_token', 'the device code is not known, or its time is over; begin again'],
};

export function createDeviceToken(deps: DeviceLoginDeps): PublicHandler<Routes['deviceToken']['schemas']> {
  return async ({ body }) => {
    if (body.grant_type !== undefined && body.grant_type !== DEVICE_GRANT) {
      throw new OAuthError('unsupported_grant_type', `grant_type must be ${DEVICE_GRANT}`);
    }
    const poll = await deps.logins.poll(body.device_code);
    if (poll.kind !== 'confirmed') throw new OAuthError(...REFUSALS[poll.kind]);
    const session = await sessionFor(deps, poll.by);
    const fields = { username: poll.by.username, client: poll.client.name, sourceIp: poll.client.address };
    deps.onAttempt(session === undefined ? 'failure' : 'success');
    if (session === undefined) {
      deps.log.warn('device login failed: the account may not log in any more', { ...fields, security: 3 });
      throw new OAuthError(...REFUSALS.denied);
    }
    deps.log.info('login', { ...fields, via: 'device', security: 1 });
    return { access_token: session.token, token_type: 'Bearer', expires_in: session.expiresInSeconds };
  };
}

const UNKNOWN_CODE =
  'this code is not known, was used, or its time is over; begin the login again on the other machine';

export function createDecideDeviceLogin(deps: DeviceLoginDeps): PublicHandler<Routes['decideDeviceLogin']['schemas']> {
  return async ({ body }, { user, token }) => {
    if (user === undefined || token === undefined) throw new ApiError('unauthenticated', 'no session information');
    const by = body.decision === 'confirm' ? confirmationBy(user, token, deps.clock.now()) : undefined;
    const decision = (waiting: DeviceClient): DeviceDecision =>
      by === undefined ? { kind: 'denied' } : { kind: 'confirmed', by, client: waiting };
    const code = normalizeUserCode(body.user_code);
    const client = code === undefined ? undefined : await deps.logins.decide(code, decision);
    if (client === undefined) throw new ApiError('notFound', UNKNOWN_CODE);
    const fields = { username: user.username, client: client.name, clientAddress: client.address, security: 2 };
    deps.log.info(by === undefined ? 'device login denied' : 'device login confirmed', fields);
    return {};
  };
}
