/** Routes about the installation itself (N14 in part, N16): version and settings. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { flag, text } from '../schemas/common.js';

export const VersionSchema = Type.Object({
  Version: text(),
  BuildDate: text(),
  GitCommit: text(),
  GitTag: text(),
  GitTreeState: text(),
  GoVersion: text(),
  Compiler: text(),
  Platform: text(),
  KustomizeVersion: text(),
  HelmVersion: text(),
  KubectlVersion: text(),
  JsonnetVersion: text(),
  ExtraBuildInfo: text(),
});

const OidcConfigSchema = Type.Object({
  name: text(),
  issuer: text(),
  clientID: text(),
  cliClientID: text(),
  scopes: Type.Array(text()),
  idTokenClaims: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  enablePKCEAuthentication: flag(),
  disableOfflineAccessScopeInjection: flag(),
});

const DexConfigSchema = Type.Object({
  connectors: Type.Array(Type.Object({ name: text(), type: text() })),
  dexAuthConnectorID: Type.Optional(text()),
});

export const SettingsSchema = Type.Object({
  url: text(),
  additionalUrls: Type.Optional(Type.Array(text())),
  oidcConfig: Type.Optional(OidcConfigSchema),
  dexConfig: Type.Optional(DexConfigSchema),
  statusBadgeEnabled: flag(),
  statusBadgeRootUrl: text(),
  appLabelKey: text(),
  trackingMethod: text(),
  controllerNamespace: text(),
  userLoginsDisabled: flag(),
  passwordPattern: text(),
  execEnabled: flag(),
  appsInAnyNamespaceEnabled: flag(),
  impersonationEnabled: flag(),
  hydratorEnabled: flag(),
  syncWithReplaceAllowed: flag(),
  installationID: text(),
  kustomizeOptions: Type.Optional(Type.Object({ BuildOptions: text() })),
  kustomizeVersions: Type.Optional(Type.Array(Type.String())),
  googleAnalytics: Type.Optional(Type.Object({ trackingID: text(), anonymizeUsers: flag() })),
  uiCssURL: text(),
  uiLoginButtonText: text(),
  uiBannerContent: text(),
  uiBannerURL: text(),
  uiBannerPermanent: flag(),
  uiBannerPosition: text(),
  help: Type.Optional(
    Type.Object({
      chatUrl: text(),
      chatText: text(),
      binaryUrls: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
  /** By group and kind; for callers with a session. */
  resourceOverrides: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()))),
  /** Ours, for administrators only: values that cannot be used. */
  invalidSettings: Type.Optional(
    Type.Array(Type.Object({ kind: text(), object: text(), key: text(), message: text(), uses: text() })),
  ),
});

export type Version = Static<typeof VersionSchema>;
export type SettingsBody = Static<typeof SettingsSchema>;

export const installationRoutes = {
  version: defineRoute({
    ...{
      method: 'GET',
      path: '/api/version',
      operationId: 'VersionService_Version',
      tag: 'VersionService',
      access: 'public',
    },
    summary: 'Version returns version information of the API server',
    schemas: { response: VersionSchema },
  }),
  settings: defineRoute({
    ...{
      method: 'GET',
      path: '/api/v1/settings',
      operationId: 'SettingsService_Get',
      tag: 'SettingsService',
      access: 'public',
    },
    summary: 'Get returns the settings that user interfaces need',
    schemas: { response: SettingsSchema },
  }),
};
