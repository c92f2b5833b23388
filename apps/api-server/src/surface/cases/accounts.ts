/** Accounts and sessions (N05, N13). */
import { expect } from 'vitest';
import { type CaseTable, invalid, NO_INPUT, none, notFound } from '../case.js';
import { asAdmin } from '../fixtures.js';
import type { World } from '../world.js';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

async function deviceLogin(world: World) {
  const { json } = await asAdmin(world, 'SessionService_StartDeviceLogin', { body: {} });
  return json as { readonly user_code: string; readonly device_code: string };
}

async function tokenId(world: World): Promise<string> {
  const id = world.fresh('token');
  await asAdmin(world, 'AccountService_CreateToken', { params: { name: 'owner' }, body: { id } });
  return id;
}

export const accountCases: CaseTable = {
  AccountService_ListAccounts: {
    success: () => ({}),
    forbidden: none('everybody sees the own account: accounts.int.test.ts'),
    missing: none('it lists what there is'),
    invalid: NO_INPUT,
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"owner"'),
  },
  AccountService_CanI: {
    success: () => ({ params: { resource: 'applications', action: 'get', subresource: 'team/shop' } }),
    missing: none('it asks the policy, not for an object'),
    invalid: invalid(
      () => ({ params: { resource: 'cupboards', action: 'get', subresource: '*' } }),
      /does not contain cupboards/,
    ),
    shows: (answer) => expect(answer).toEqual({ value: 'yes' }),
  },
  AccountService_UpdatePassword: {
    // The same password again: the other cases still log in with it. Tokens for the API outlive the change.
    success: ({ adminPassword }) => ({
      body: { name: 'owner', currentPassword: adminPassword, newPassword: 'owner-password' },
    }),
    missing: notFound(
      ({ adminPassword }) => ({ body: { name: 'absent', currentPassword: adminPassword, newPassword: 'long-enough' } }),
      /account 'absent' does not exist/,
    ),
    invalid: invalid(
      ({ adminPassword }) => ({ body: { name: 'owner', currentPassword: adminPassword, newPassword: 'short' } }),
      /new password does not match/,
    ),
    conflict: invalid(
      () => ({ body: { name: 'owner', currentPassword: 'wrong', newPassword: 'long-enough' } }),
      /current password does not match/,
    ),
  },
  AccountService_GetAccount: {
    success: () => ({ params: { name: 'owner' } }),
    missing: notFound(() => ({ params: { name: 'absent' } }), /account 'absent' does not exist/),
    invalid: none('it takes a name only'),
  },
  AccountService_CreateToken: {
    success: () => ({ params: { name: 'owner' }, body: { expiresIn: 60 } }),
    missing: notFound(() => ({ params: { name: 'absent' }, body: {} }), /account 'absent' does not exist/),
    invalid: invalid(() => ({ params: { name: 'owner' }, body: { expiresIn: 'soon' } }), /expiresIn/),
    conflict: invalid(
      async (world) => ({ params: { name: 'owner' }, body: { id: await tokenId(world) } }),
      /account already has token with id/,
    ),
  },
  AccountService_DeleteToken: {
    success: async (world) => ({ params: { name: 'owner', id: await tokenId(world) } }),
    missing: notFound(() => ({ params: { name: 'absent', id: 'x' } }), /account 'absent' does not exist/),
    invalid: notFound(() => ({ params: { name: 'owner', id: 'absent' } }), /token with id 'absent' does not exist/),
    conflict: none('tokens are deleted whatever is done with them'),
  },
  SessionService_Create: {
    success: ({ adminPassword }) => ({ body: { username: 'admin', password: adminPassword } }),
    missing: none('whether an account exists is not told: session.int.test.ts'),
    invalid: invalid(() => ({ body: { username: 1 } }), /username/),
    conflict: none('it changes nothing'),
  },
  SessionService_Delete: {
    success: () => ({}),
    // The others still need their tokens.
    as: 'anonymous',
    missing: NO_INPUT,
    invalid: NO_INPUT,
    conflict: none('it ends the session, whatever its state'),
  },
  SessionService_StartDeviceLogin: {
    success: () => ({ body: { client_name: 'a machine' } }),
    missing: none('it creates'),
    invalid: invalid(() => ({ body: { client_name: {} } }), /client_name/),
    conflict: none('each login is a new one'),
  },
  SessionService_DecideDeviceLogin: {
    success: async (world) => ({ body: { user_code: (await deviceLogin(world)).user_code, decision: 'deny' } }),
    missing: notFound(() => ({ body: { user_code: 'BCDF-GHJK', decision: 'confirm' } }), /code/),
    invalid: invalid(() => ({ body: { user_code: 'BCDF-GHJK', decision: 'perhaps' } }), /decision/),
    conflict: none('a login that was decided is gone: device-login.int.test.ts'),
  },
  SessionService_DeviceToken: {
    success: async (world) => {
      const { user_code, device_code } = await deviceLogin(world);
      await asAdmin(world, 'SessionService_DecideDeviceLogin', { body: { user_code, decision: 'confirm' } });
      return { body: { grant_type: DEVICE_GRANT, device_code } };
    },
    missing: invalid(() => ({ body: { grant_type: DEVICE_GRANT, device_code: 'absent' } }), /code/),
    invalid: invalid(() => ({ body: { grant_type: 'password', device_code: 'x' } }), /grant/),
    conflict: invalid(async (world) => {
      const { device_code } = await deviceLogin(world);
      return { body: { grant_type: DEVICE_GRANT, device_code } };
    }, /confirm|pending|wait/),
  },
  SessionService_ExchangeToken: {
    success: none('it needs an issuer: token-exchange.int.test.ts'),
    missing: none('it names no object'),
    invalid: invalid(
      (world) => ({ body: { subject_token: world.canaries.plant('token of a CI system') } }),
      /token|grant/,
    ),
    conflict: none('it changes nothing'),
  },
  SessionService_GetUserInfo: {
    success: () => ({}),
    missing: NO_INPUT,
    invalid: NO_INPUT,
    shows: (answer) => expect(answer).toMatchObject({ loggedIn: true, username: 'admin' }),
  },
};
