/** What the project handlers work with: finding, writing and showing a project. */
import type { AppProjectBody } from '@tiphys/api-contract';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { type AppProject, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { ProjectReader } from '../../applications/deps.js';
import type { ApplicationStore } from '../../applications/store.js';
import type { Audit, AuditReason } from '../../audit/events.js';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import type { SessionTokens } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import type { RequestContext, Subject } from '../../http/context.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';

export interface ProjectDeps {
  readonly namespace: string;
  readonly kube: Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete' | 'list'>;
  readonly projects: ProjectReader;
  readonly store: Pick<ApplicationStore, 'list'>;
  readonly settings: Pick<LiveSettings, 'server' | 'clusters' | 'repositories'>;
  readonly tokens: Pick<SessionTokens, 'issueToken'>;
  readonly observe: (object: KubernetesObject) => void;
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** From memory. Throws `permissionDenied`, then `notFound`. */
export function findProject(deps: ProjectDeps, user: Subject, name: string): AppProject {
  authorize(deps.authorizer, user, { resource: 'projects', action: 'get', object: name });
  const project = deps.projects.get(name);
  if (project === undefined) throw notFound(name);
  return project;
}

export function notFound(name: string): ApiError {
  return new ApiError('notFound', `appprojects.argoproj.io "${name}" not found`);
}

export interface ProjectChange {
  readonly name: string;
  readonly reason: AuditReason;
  /** As in "updated project". */
  readonly action: string;
  /** Called with the newest state, again after a conflict; undefined: nothing is to be written. Throws to refuse. */
  readonly change: (current: AppProject) => AppProject | undefined;
}

const ATTEMPTS = 8;

/** Reads, changes and writes with the version that was read. Throws `notFound`. */
export async function changeProject(
  deps: ProjectDeps,
  { user, signal }: RequestContext,
  { name, reason, action, change }: ProjectChange,
): Promise<AppProject> {
  for (let attempt = 1; ; attempt += 1) {
    const current = await readProject(deps, name, signal);
    const next = change(current);
    if (next === undefined) return current;
    try {
      const options = { fieldManager: API_SERVER_MANAGER, signal };
      const written = await deps.kube.replace(RESOURCES.appProjects, next as unknown as KubernetesObject, options);
      deps.observe(written);
      deps.audit(user, written, { reason, action, kind: 'AppProject' });
      return written as unknown as AppProject;
    } catch (error) {
      const isOurs = next.metadata.resourceVersion === current.metadata.resourceVersion;
      if (!isOurs || attempt === ATTEMPTS || !isGitOpsError(error) || error.code !== 'Conflict') throw error;
    }
  }
}

/** The newest state. Throws `notFound`. */
export async function readProject(deps: ProjectDeps, name: string, signal: AbortSignal): Promise<AppProject> {
  const object = await deps.kube.get(RESOURCES.appProjects, { namespace: deps.namespace, name }, signal);
  if (object === undefined) throw notFound(name);
  return object as unknown as AppProject;
}

export function bodyOf(project: AppProject): AppProjectBody {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = project;
  const { managedFields: _fields, ...shown } = metadata;
  return { metadata: shown, ...rest } as unknown as AppProjectBody;
}
