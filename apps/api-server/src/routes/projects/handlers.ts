/** Projects: list, get, create (the part of N10 that the first screens need). */
import { isDeepStrictEqual } from 'node:util';
import type { AppProjectBody, projectRoutes } from '@tiphys/api-contract';
import { type KubeClient, kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { API_VERSION, type AppProject, type KubernetesObject } from '@tiphys/model';
import type { Audit } from '../../applications/audit.js';
import type { ProjectReader } from '../../applications/deps.js';
import { parseFieldMask } from '../../applications/field-mask.js';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/bind.js';
import type { RequestContext } from '../../http/context.js';
import { type Serialized, toJson } from '../../http/json.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';

type Routes = typeof projectRoutes;

export interface ProjectDeps {
  readonly namespace: string;
  readonly kube: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly projects: ProjectReader;
  readonly observe: (object: KubernetesObject) => void;
  readonly authorizer: Authorizer;
  readonly audit: Audit;
}

export function createListProjects(deps: ProjectDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }): Promise<Serialized> => {
    const mayGet = (name: string) => deps.authorizer(user, { resource: 'projects', action: 'get', object: name });
    const items = deps.projects
      .list()
      .filter(({ metadata: { name = '' } }) => (!query.name || query.name === name) && mayGet(name))
      .map(bodyOf);
    const list = { metadata: {}, items };
    return { serialized: toJson(parseFieldMask(query.fields)?.apply(list) ?? list) };
  };
}

export function createGetProject(deps: ProjectDeps): Handler<Routes['get']['schemas']> {
  return async ({ params }, { user }) => {
    authorize(deps.authorizer, user, { resource: 'projects', action: 'get', object: params.name });
    const project = deps.projects.get(params.name);
    if (project === undefined) throw new ApiError('notFound', `appprojects.argoproj.io "${params.name}" not found`);
    return bodyOf(project);
  };
}

/** An equal project that exists already is answered as created; a different one needs `upsert`. */
export function createCreateProject(deps: ProjectDeps): Handler<Routes['create']['schemas']> {
  return async ({ body }, context) => {
    const { name, labels = {}, annotations = {} } = body.project.metadata;
    authorize(deps.authorizer, context.user, { resource: 'projects', action: 'create', object: name });
    const project: KubernetesObject = {
      apiVersion: API_VERSION,
      kind: 'AppProject',
      metadata: { name, namespace: deps.namespace, labels, annotations },
      spec: body.project.spec ?? {},
    };
    try {
      const options = { fieldManager: API_SERVER_MANAGER, signal: context.signal };
      const created = await deps.kube.create(RESOURCES.appProjects, project, options);
      return changed(deps, context, { object: created, reason: 'ResourceCreated', action: 'created project' });
    } catch (error) {
      if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
      return onExisting(deps, context, { project, upsert: body.upsert === true });
    }
  };
}

async function onExisting(
  deps: ProjectDeps,
  context: RequestContext,
  { project, upsert }: { readonly project: KubernetesObject; readonly upsert: boolean },
): Promise<AppProjectBody> {
  const { name = '' } = project.metadata;
  const key = { namespace: deps.namespace, name };
  const existing = await deps.kube.get(RESOURCES.appProjects, key, context.signal);
  if (existing === undefined) throw new ApiError('aborted', `project ${name} was deleted meanwhile; try again`);
  if (isDeepStrictEqual(existing['spec'], project['spec'])) return bodyOf(existing);
  if (!upsert) {
    const text = 'existing project spec is different, use upsert flag to force update';
    throw new ApiError('invalidArgument', text);
  }
  authorize(deps.authorizer, context.user, { resource: 'projects', action: 'update', object: name });
  const options = { fieldManager: API_SERVER_MANAGER, signal: context.signal };
  const next = { ...existing, spec: project['spec'] };
  const updated = await deps.kube.replace(RESOURCES.appProjects, next, options);
  return changed(deps, context, { object: updated, reason: 'ResourceUpdated', action: 'updated project' });
}

interface Change {
  readonly object: KubernetesObject;
  readonly reason: 'ResourceCreated' | 'ResourceUpdated';
  readonly action: string;
}

function changed(deps: ProjectDeps, { user }: RequestContext, { object, reason, action }: Change): AppProjectBody {
  deps.observe(object);
  deps.audit(user, object, { reason, action, kind: 'AppProject' });
  return bodyOf(object);
}

function bodyOf(project: AppProject | KubernetesObject): AppProjectBody {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = project as KubernetesObject;
  const { managedFields: _fields, ...shown } = metadata;
  return { metadata: shown, ...rest } as unknown as AppProjectBody;
}
