/** Whether somebody may open a terminal, and where: the checks that Argo CD makes before it upgrades the connection (F32). */

import type { KubeClient } from '@tiphys/cluster';
import { RESOURCES } from '@tiphys/cluster';
import type { ApplicationTree } from '@tiphys/gitops-engine';
import { type Application, type KubernetesObject, resourceTreeCacheKey } from '@tiphys/model';
import { findApplication } from '../../applications/find.js';
import { accessNameOf } from '../../applications/names.js';
import { type AccessRequest, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { ApplicationResourceDeps } from '../application-resources/deps.js';
import { readView } from '../application-state/cached-views.js';
import type { ExecTarget } from './remote-command.js';

export interface TerminalQuery {
  readonly pod?: string;
  readonly container?: string;
  readonly appName?: string;
  readonly appNamespace?: string;
  readonly projectName?: string;
  readonly namespace?: string;
  /** One of `exec.shells`; anything else is as if it were not given. */
  readonly shell?: string;
}

export interface TerminalRequest {
  readonly application: Application;
  readonly client: KubeClient;
  readonly target: Omit<ExecTarget, 'shell'>;
  readonly shells: readonly string[];
  readonly idleMs: number;
  /** Asked again while the terminal is open (S17). */
  readonly isPermitted: () => boolean;
}

/** Names of Kubernetes: they become parts of a path. */
const NAMES = { pod: 253, container: 63, appName: 253, projectName: 253, namespace: 63 } as const;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** @throws ApiError notFound while terminals are switched off, then as for any resource of an application. */
export async function openRequest(
  deps: ApplicationResourceDeps,
  context: RequestContext,
  query: TerminalQuery,
): Promise<TerminalRequest> {
  const { applications } = deps.applicationState;
  const settings = applications.settings.terminal();
  if (!settings.enabled)
    throw new ApiError('notFound', 'terminals are switched off: exec.enabled of argocd-cm is not true');
  const { pod, container, appName: name, projectName: project, namespace } = checkedNames(query);
  const { appNamespace = '' } = query;
  if (appNamespace !== '' && !NAME.test(appNamespace)) throw invalid('appNamespace');
  const { application } = findApplication(applications, context.user, { name, appNamespace, project, action: 'get' });
  const object = accessNameOf(application, applications.namespace);
  const access = (['applications', 'exec'] as const).map(
    (resource): AccessRequest => ({ resource, action: resource === 'exec' ? 'create' : 'get', object }),
  );
  for (const request of access) authorize(applications.authorizer, context.user, request);
  await requireInTree(deps, context, { name, appNamespace, project, pod, namespace });
  const { client } = await deps.destinations.for(application.spec.destination);
  requireRunning(await client.get(RESOURCES.pods, { namespace, name: pod }, context.signal), { pod, container });
  return {
    ...{ application, client, target: { namespace, pod, container }, idleMs: settings.idleMs },
    shells: query.shell !== undefined && settings.shells.includes(query.shell) ? [query.shell] : settings.shells,
    isPermitted: () =>
      applications.settings.terminal().enabled &&
      access.every((request) => applications.authorizer(context.user, request)),
  };
}

function checkedNames(query: TerminalQuery): Readonly<Record<keyof typeof NAMES, string>> {
  for (const [parameter, maxLength] of Object.entries(NAMES)) {
    const value = query[parameter as keyof typeof NAMES] ?? '';
    if (value === '') throw new ApiError('invalidArgument', `Missing required parameters: ${parameter}`);
    if (value.length > maxLength || !NAME.test(value)) throw invalid(parameter);
  }
  return query as Readonly<Record<keyof typeof NAMES, string>>;
}

function invalid(parameter: string): ApiError {
  return new ApiError('invalidArgument', `${parameter} is not a valid name`);
}

interface PodOfApplication {
  readonly name: string;
  readonly appNamespace: string;
  readonly project: string;
  readonly pod: string;
  readonly namespace: string;
}

/** What is not in the tree of the application does not exist for the caller, whatever the cluster holds. */
async function requireInTree(
  deps: ApplicationResourceDeps,
  context: RequestContext,
  { name, appNamespace, project, pod, namespace }: PodOfApplication,
): Promise<void> {
  const query = { appNamespace, project };
  const { text } = await readView(deps.applicationState, context, { name, query, keyOf: resourceTreeCacheKey });
  const { nodes = [] } = JSON.parse(text ?? '{}') as Partial<ApplicationTree>;
  const isThere = nodes.some(
    (node) => node.kind === 'Pod' && !node.group && node.uid && node.name === pod && node.namespace === namespace,
  );
  if (!isThere) throw new ApiError('invalidArgument', "Pod doesn't belong to specified app");
}

interface PodSpec {
  readonly containers?: readonly { readonly name: string }[];
  readonly initContainers?: readonly { readonly name: string }[];
  readonly ephemeralContainers?: readonly { readonly name: string }[];
}

function requireRunning(
  object: KubernetesObject | undefined,
  { pod, container }: Pick<ExecTarget, 'pod' | 'container'>,
): void {
  if (object === undefined) throw new ApiError('invalidArgument', `Cannot find pod ${pod}; refresh the application`);
  const { phase } = (object['status'] ?? {}) as { readonly phase?: string };
  if (phase !== 'Running') throw new ApiError('invalidArgument', `Pod not running: it is ${phase ?? 'Unknown'}`);
  const { containers = [], initContainers = [], ephemeralContainers = [] } = (object['spec'] ?? {}) as PodSpec;
  const isThere = [...containers, ...initContainers, ...ephemeralContainers].some(({ name }) => name === container);
  if (!isThere) throw new ApiError('invalidArgument', `Cannot find container ${container} in pod ${pod}`);
}
