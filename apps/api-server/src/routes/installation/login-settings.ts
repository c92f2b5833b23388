/** What the login page and the command line must know of logins (N14): names and public ids, never a secret. */
import type { SettingsBody } from '@tiphys/api-contract';
import type { AccountSettings, OidcSettings, SsoSettings } from '@tiphys/settings';

type LoginSettings = Pick<SettingsBody, 'oidcConfig' | 'dexConfig'>;

/** Each field is named: what a configuration gets in addition is not shown by itself (CVE-2024-37152). */
export function loginSettings({ oidc, dex }: SsoSettings): LoginSettings {
  return {
    ...(oidc === undefined ? {} : { oidcConfig: shownOidc(oidc) }),
    ...(dex === undefined
      ? {}
      : {
          dexConfig: {
            connectors: dex.connectors.map(({ name, type }) => ({ name, type })),
            ...(dex.connectorId === undefined ? {} : { dexAuthConnectorID: dex.connectorId }),
          },
        }),
  };
}

function shownOidc(oidc: OidcSettings): NonNullable<LoginSettings['oidcConfig']> {
  const claims = oidc.requestedIdTokenClaims;
  return {
    ...{ name: oidc.name, issuer: oidc.issuer, clientID: oidc.clientId, cliClientID: oidc.cliClientId ?? '' },
    scopes: [...oidc.requestedScopes],
    ...(Object.keys(claims).length === 0 ? {} : { idTokenClaims: { ...claims } }),
    enablePKCEAuthentication: oidc.pkce,
    disableOfflineAccessScopeInjection: oidc.disableOfflineAccessScopeInjection,
  };
}

/** Whether anybody may log in with a password. */
export function hasLogins({ accounts }: AccountSettings): boolean {
  return [...accounts.values()].some(({ enabled, capabilities }) => enabled && capabilities.includes('login'));
}
