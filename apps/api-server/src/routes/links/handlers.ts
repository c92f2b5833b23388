/** Deep links (P18): the administrator's links, evaluated over what the caller may read anyway; never over secret values. */
import type { linkRoutes } from '@tiphys/api-contract';
import { maskSecrets } from '@tiphys/gitops-engine';
import { type DeepLink, evaluateLinks, type LinkData } from '@tiphys/gitops-engine/links';
import { ANNOTATIONS, type Application, type AppProject, CONFIG_OBJECTS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type DeepLinkSettings,
  findCluster,
  parseDeepLinks,
  type SettingsData,
  type SettingsProblem,
} from '@tiphys/settings';
import { findApplication } from '../../applications/find.js';
import { type LiveResourceDeps, readLiveResource } from '../../applications/live-resource.js';
import { projectOf } from '../../applications/names.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { accessSettings } from '../application-resources/deps.js';

type Routes = typeof linkRoutes;

export interface LinkDeps extends LiveResourceDeps {
  readonly log: Logger;
}

/** `application` (also `app`), its `cluster` and its `project`. */
export function createListApplicationLinks(deps: LinkDeps): Handler<Routes['application']['schemas']> {
  const linksFor = createLinks(deps);
  return async ({ params: { name }, query }, { user }) => {
    const appNamespace = query.appNamespace || query.namespace;
    const scope = { ...(query.project ? { project: query.project } : {}), ...(appNamespace ? { appNamespace } : {}) };
    const { application } = findApplication(deps.applicationState.applications, user, {
      name,
      action: 'get',
      ...scope,
    });
    return linksFor('application', applicationData(deps, application));
  };
}

/** As for the application, and the live `resource`. */
export function createListResourceLinks(deps: LinkDeps): Handler<Routes['resource']['schemas']> {
  const linksFor = createLinks(deps);
  return async ({ params, query }, context) => {
    const request = { ...query, name: params.name, action: 'get' } as const;
    const { application, live } = await readLiveResource(deps, context, request);
    const { live: resource = live } = maskSecrets({ live }, accessSettings(deps).sensitiveAnnotations);
    return linksFor('resource', { ...applicationData(deps, application), resource });
  };
}

/** Only the `project`. */
export function createListProjectLinks(deps: LinkDeps): Handler<Routes['project']['schemas']> {
  const linksFor = createLinks(deps);
  return async ({ params: { name } }, { user }) => {
    const { authorizer, projects } = deps.applicationState.applications;
    authorize(authorizer, user, { resource: 'projects', action: 'get', object: name });
    const project = projects.get(name);
    if (project === undefined) throw new ApiError('notFound', `appprojects.argoproj.io "${name}" not found`);
    return linksFor('project', { project: projectData(project) });
  };
}

function createLinks({ applicationState, log }: LinkDeps) {
  const { settings } = applicationState.applications;
  const parse = createSettings(log);
  return (place: keyof DeepLinkSettings, data: LinkData) => {
    const configured: readonly DeepLink[] = parse(settings.configMap(CONFIG_OBJECTS.settings))[place];
    const { links, problems } = evaluateLinks(configured, data);
    for (const problem of problems) log.warn('a deep link is not shown', { setting: `${place}.links`, problem });
    return { items: links.map((link) => ({ ...link })) };
  };
}

/** Read once per change of argocd-cm; what is not understood is logged once. */
function createSettings(log: Logger): (data: SettingsData) => DeepLinkSettings {
  const parsed = new WeakMap<SettingsData, DeepLinkSettings>();
  const report = ({ key, message }: SettingsProblem) =>
    log.warn('a setting is not understood', { key, problem: message });
  return (data) => {
    const known = parsed.get(data);
    if (known !== undefined) return known;
    const { settings, problems } = parseDeepLinks(data);
    problems.forEach(report);
    parsed.set(data, settings);
    return settings;
  };
}

function applicationData({ applicationState }: LinkDeps, application: Application): LinkData {
  const { settings, projects } = applicationState.applications;
  const cluster = findCluster(settings.clusters(), application.spec.destination);
  const project = projects.get(projectOf(application));
  const managedBy = application.metadata.annotations?.[ANNOTATIONS.managedByUrl];
  return {
    ...{ application, app: application },
    ...(managedBy !== undefined && /^https?:\/\/\S+$/.test(managedBy) ? { managedByURL: managedBy } : {}),
    ...(cluster === undefined ? {} : { cluster: clusterData(cluster) }),
    ...(project === undefined ? {} : { project: projectData(project) }),
  };
}

/** What identifies a cluster; nothing of how it is reached. kubectl's copy of its Secret would hold the credentials (S21). */
function clusterData(cluster: NonNullable<ReturnType<typeof findCluster>>): LinkData {
  const { server, name, namespaces, shard, project, labels, annotations } = cluster;
  const { [ANNOTATIONS.lastApplied]: _, ...shown } = annotations;
  return {
    ...{ server, name, namespaces, labels, annotations: shown },
    ...(shard === undefined ? {} : { shard }),
    ...(project === undefined ? {} : { project }),
  };
}

/** Without the ids of tokens, which say who holds one. */
function projectData({ status: _, ...project }: AppProject): LinkData {
  const roles = project.spec.roles?.map(({ jwtTokens: _tokens, ...role }) => role);
  return { ...project, spec: { ...project.spec, ...(roles === undefined ? {} : { roles }) } };
}
