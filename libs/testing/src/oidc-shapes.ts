/** Dialects of products: what becomes of the claims of an ID token. */
import { randomUUID } from 'node:crypto';

/** Claims as Keycloak writes them: roles of the realm, the party that asked, and several audiences. */
export function keycloakShape(claims: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    ...claims,
    ...{ aud: [claims['aud'], 'account'].flat(), azp: claims['aud'], typ: 'ID', jti: randomUUID() },
    ...{
      acr: '1',
      sid: claims['sid'] ?? randomUUID(),
      realm_access: { roles: ['offline_access', 'default-roles-acme'] },
    },
  };
}
