/** Version and settings (N14 in part, N16): what user interfaces and the CLI ask before they log in. */
import type { installationRoutes } from '@tiphys/api-contract';
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

/** Never a secret, never a raw value of a setting that may hold one (CVE-2024-37152). */
export function createGetSettings({
  settings,
  namespace,
  authorizer,
}: InstallationDeps): PublicHandler<Routes['settings']['schemas']> {
  return async (_, { user }) => {
    const isAdministrator = user !== undefined && authorizer(user, ADMINISTRATION);
    const data = settings.configMap(CONFIG_OBJECTS.settings);
    const { url = '', additionalUrls, badge, execEnabled } = settings.server();
    return {
      url,
      ...(additionalUrls.length === 0 ? {} : { additionalUrls: [...additionalUrls] }),
      ...loginSettings(settings.sso()),
      statusBadgeEnabled: badge.enabled,
      statusBadgeRootUrl: badge.url ?? '',
      appLabelKey: data['application.instanceLabelKey'] ?? LABELS.instance,
      trackingMethod: data['application.resourceTrackingMethod'] ?? 'annotation',
      controllerNamespace: namespace,
      userLoginsDisabled: !hasLogins(settings.accounts()),
      passwordPattern: settings.accounts().passwordPattern,
      execEnabled,
      appsInAnyNamespaceEnabled: false,
      uiBannerContent: data['ui.bannercontent'] ?? '',
      uiBannerURL: data['ui.bannerurl'] ?? '',
      help: { chatUrl: data['help.chatUrl'] ?? '', chatText: data['help.chatText'] ?? '' },
      ...(isAdministrator ? { invalidSettings: settings.invalid().map((setting) => ({ ...setting })) } : {}),
    };
  };
}
