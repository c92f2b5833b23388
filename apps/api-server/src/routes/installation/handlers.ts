/** Version and settings (N14, N16): what user interfaces and the CLI ask before they log in. */
import type { installationRoutes, SettingsBody } from '@tiphys/api-contract';
import { CONFIG_OBJECTS, LABELS } from '@tiphys/model';
import type { CheckResult } from '@tiphys/runtime';
import type { Authorizer } from '../../auth/authorize.js';
import type { PublicHandler } from '../../http/handler.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import { hasLogins, loginSettings } from './login-settings.js';
import { BUILD, TOOL_VERSIONS } from './versions.js';

type Routes = typeof installationRoutes;

export interface InstallationDeps {
  readonly version: string;
  readonly namespace: string;
  readonly settings: LiveSettings;
  readonly authorizer: Authorizer;
  /** Whether the API server of the control plane answers. */
  readonly kubernetes: () => Promise<CheckResult>;
}

/** Whoever has not logged in learns the version only, as in Argo CD. */
export function createGetVersion({ version }: InstallationDeps): PublicHandler<Routes['version']['schemas']> {
  const open = { Version: `v${version}` };
  const body = {
    ...open,
    ...BUILD,
    // Clients show it as the version of the language; ours is Node.js.
    GoVersion: process.version,
    Compiler: 'node',
    Platform: `${process.platform}/${process.arch}`,
    ...TOOL_VERSIONS,
    ExtraBuildInfo: `Tiphys on Node.js ${process.version}`,
  };
  return async (_, { user }) => (user === undefined ? open : body);
}

/** What only administrators may do: the settings of all are theirs. */
const ADMINISTRATION = { resource: 'accounts', action: 'update', object: '*' } as const;

/** Never a secret; what the login page does not need is for callers with a session, as in Argo CD (CVE-2024-37152). */
export function createGetSettings(deps: InstallationDeps): PublicHandler<Routes['settings']['schemas']> {
  const { settings, authorizer } = deps;
  return async (_, { user }) => {
    const isAdministrator = user !== undefined && authorizer(user, ADMINISTRATION);
    return {
      ...openSettings(settings),
      ...(user === undefined ? {} : memberSettings(deps)),
      ...(isAdministrator ? { invalidSettings: settings.invalid().map((setting) => ({ ...setting })) } : {}),
    };
  };
}

function openSettings(settings: LiveSettings): SettingsBody {
  const data = settings.configMap(CONFIG_OBJECTS.settings);
  const { url = '', additionalUrls, badge, ...server } = settings.server();
  const { googleAnalytics, help, kustomize, ...shown } = settings.shown();
  return {
    url,
    ...(additionalUrls.length === 0 ? {} : { additionalUrls: [...additionalUrls] }),
    ...loginSettings(settings.sso()),
    statusBadgeEnabled: badge.enabled,
    statusBadgeRootUrl: badge.url ?? '',
    appLabelKey: data['application.instanceLabelKey'] ?? LABELS.instance,
    trackingMethod: data['application.resourceTrackingMethod'] ?? 'annotation',
    installationID: shown.installationId,
    userLoginsDisabled: !hasLogins(settings.accounts()),
    execEnabled: server.execEnabled,
    appsInAnyNamespaceEnabled: server.applicationNamespaces.length > 0,
    impersonationEnabled: server.impersonationEnabled,
    hydratorEnabled: false,
    syncWithReplaceAllowed: server.syncWithReplaceAllowed,
    ...{ uiCssURL: shown.uiCssUrl, uiLoginButtonText: shown.uiLoginButtonText },
    googleAnalytics: { trackingID: googleAnalytics.trackingId, anonymizeUsers: googleAnalytics.anonymizeUsers },
    kustomizeOptions: { BuildOptions: kustomize.buildOptions },
    ...(kustomize.versions.length === 0 ? {} : { kustomizeVersions: [...kustomize.versions] }),
    help: { chatUrl: help.chatUrl, chatText: help.chatText, binaryUrls: { ...help.binaryUrls } },
  };
}

/** For whoever has logged in. */
function memberSettings({ settings, namespace }: InstallationDeps): SettingsBody {
  const { banner, resourceOverrides } = settings.shown();
  return {
    ...{ uiBannerContent: banner.content, uiBannerURL: banner.url },
    ...{ uiBannerPermanent: banner.permanent, uiBannerPosition: banner.position },
    controllerNamespace: namespace,
    passwordPattern: settings.accounts().passwordPattern,
    resourceOverrides: Object.fromEntries(
      Object.entries(resourceOverrides).map(([key, fields]) => [key, { ...fields }]),
    ),
  };
}
