/** What the API server shows and accepts: URLs, badge (A41), global projects (F08). */
import type { GlobalProject } from '@tiphys/model';
import { parseGlobalProjects } from './global-projects.js';
import { createReader, type Parsed, type SettingsData, type SettingsReader, splitList, stringsOf } from './reader.js';

export interface ServerSettings {
  /** External base URL without a trailing slash; undefined when not set. */
  readonly url: string | undefined;
  readonly additionalUrls: readonly string[];
  readonly badge: { readonly enabled: boolean; readonly url: string | undefined };
  readonly inClusterEnabled: boolean;
  readonly globalProjects: readonly GlobalProject[];
  readonly execEnabled: boolean;
  readonly impersonationEnabled: boolean;
  /** D24: `server.sync.replace.allowed` of argocd-cmd-params-cm. */
  readonly syncWithReplaceAllowed: boolean;
  /** D45: a sync to a revision that the specification does not name needs the permission `override`. */
  readonly revisionSyncNeedsOverride: boolean;
  /** F18: a rollback needs the permission `rollback`; else `sync` is enough. */
  readonly rollbackIsPermission: boolean;
  /** C15: annotations of Secrets whose values are masked. */
  readonly sensitiveAnnotations: readonly string[];
  /** F36: `server.disable.auth` of argocd-cmd-params-cm: nobody logs in, everybody may do everything. */
  readonly authDisabled: boolean;
  /** Globs or `/regex/` of further namespaces with Applications (A31), `application.namespaces` of argocd-cmd-params-cm. */
  readonly applicationNamespaces: readonly string[];
}

export function parseServerSettings(
  argocdCm: SettingsData,
  argocdCmdParamsCm: SettingsData = {},
): Parsed<ServerSettings> {
  const reader = createReader(argocdCm);
  const parameters = createReader(argocdCmdParamsCm);
  const globalProjects = parseGlobalProjects(argocdCm);
  const webUrl = (key: string) => {
    const value = reader.text(key);
    if (value === undefined || /^https?:\/\/[^\s]+$/.test(value)) return value?.replace(/\/+$/, '');
    reader.problem(key, `"${value}" is not an http or https URL`);
    return undefined;
  };
  const settings: ServerSettings = {
    url: webUrl('url'),
    additionalUrls: additionalUrls(reader),
    badge: { enabled: reader.flag('statusbadge.enabled', false), url: webUrl('statusbadge.url') },
    inClusterEnabled: reader.flag('cluster.inClusterEnabled', true),
    globalProjects: globalProjects.settings,
    execEnabled: reader.flag('exec.enabled', false),
    impersonationEnabled: reader.flag('application.sync.impersonation.enabled', false),
    syncWithReplaceAllowed: parameters.flag('server.sync.replace.allowed', true),
    revisionSyncNeedsOverride: reader.flag('application.sync.requireOverridePrivilegeForRevisionSync', false),
    rollbackIsPermission: reader.flag('server.rbac.rollback.enforce.enable', false),
    sensitiveAnnotations: splitList(reader.text('resource.sensitive.mask.annotations') ?? ''),
    authDisabled: parameters.flag('server.disable.auth', false),
    applicationNamespaces: parameters.list('application.namespaces'),
  };
  return { settings, problems: [...reader.problems, ...globalProjects.problems, ...parameters.problems] };
}

function additionalUrls(reader: SettingsReader): readonly string[] {
  return stringsOf(reader.yaml('additionalUrls')).flatMap((url) => {
    if (/^https?:\/\/[^\s]+$/.test(url)) return url.replace(/\/+$/, '');
    reader.problem('additionalUrls', `"${url}" is not an http or https URL`);
    return [];
  });
}
