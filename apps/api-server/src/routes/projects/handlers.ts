/** Projects: list, get, create, delete (N10). */
import { isDeepStrictEqual } from 'node:util';
import type { AppProjectBody, projectRoutes } from '@tiphys/api-contract';
import { kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { type AppProject, DEFAULT_PROJECT, type KubernetesObject } from '@tiphys/model';
import { parseFieldMask } from '../../applications/field-mask.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { type Serialized, toJson } from '../../http/json.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import { bodyOf, findProject, type ProjectDeps, readProject } from './deps.js';
import { toProject } from './input.js';
import { updateProject } from './update.js';
import { validateProject } from './validate.js';

type Routes = typeof projectRoutes;

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
  return async ({ params }, { user }) => bodyOf(findProject(deps, user, params.name));
}

/** An equal project that exists already is answered as created; a different one needs `upsert`. */
export function createCreateProject(deps: ProjectDeps): Handler<Routes['create']['schemas']> {
  return async ({ body }, context) => {
    const { name } = body.project.metadata;
    authorize(deps.authorizer, context.user, { resource: 'projects', action: 'create', object: name });
    const project = newProject(toProject(body.project, deps.namespace));
    validateProject(project);
    try {
      const options = { fieldManager: API_SERVER_MANAGER, signal: context.signal };
      const object = project as unknown as KubernetesObject;
      const created = await deps.kube.create(RESOURCES.appProjects, object, options);
      deps.observe(created);
      deps.audit(context.user, created, { reason: 'ResourceCreated', action: 'created project', kind: 'AppProject' });
      return bodyOf(created as unknown as AppProject);
    } catch (error) {
      if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
      return onExisting(deps, context, { project, upsert: body.upsert === true });
    }
  };
}

/** Tokens of another project, and what a stored object has: both come with a project that was exported. */
function newProject({ status: _tokens, metadata, ...project }: AppProject): AppProject {
  const { resourceVersion: _version, uid: _uid, ...own } = metadata;
  return { ...project, metadata: own };
}

async function onExisting(
  deps: ProjectDeps,
  context: RequestContext,
  { project, upsert }: { readonly project: AppProject; readonly upsert: boolean },
): Promise<AppProjectBody> {
  const { name = '' } = project.metadata;
  const existing = await readProject(deps, name, context.signal);
  if (isDeepStrictEqual(existing.spec, project.spec)) return bodyOf(existing);
  if (!upsert) {
    const text = 'existing project spec is different, use upsert flag to force update';
    throw new ApiError('invalidArgument', text);
  }
  const { name: _name, namespace: _namespace, ...metadata } = existing.metadata;
  return bodyOf(await updateProject(deps, context, { ...project, metadata: { ...project.metadata, ...metadata } }));
}

/** A project that applications refer to stays, and so does `default` (F09). */
export function createDeleteProject(deps: ProjectDeps): Handler<Routes['delete']['schemas']> {
  return async ({ params: { name } }, { user, signal }) => {
    authorize(deps.authorizer, user, { resource: 'projects', action: 'delete', object: name });
    if (name === DEFAULT_PROJECT) {
      throw new ApiError('invalidArgument', `name '${name}' is reserved and cannot be deleted`);
    }
    const project = await readProject(deps, name, signal);
    const count = deps.store.list().filter(({ application }) => application.spec.project === name).length;
    if (count > 0) {
      const text = `project is referenced by ${count} applications; delete them or move them to another project first`;
      throw new ApiError('invalidArgument', text);
    }
    const { uid } = project.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    await deps.kube.delete(RESOURCES.appProjects, { namespace: deps.namespace, name }, { ...preconditions, signal });
    deps.audit(user, project, { reason: 'ResourceDeleted', action: 'deleted project', kind: 'AppProject' });
    return {};
  };
}
