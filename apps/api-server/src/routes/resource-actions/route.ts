/** List and run resource actions (N04, E12-E15). */
import { resourceActionRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import {
  actionPermission,
  type LiveResourceDeps,
  type LiveResourceRequest,
  readLiveResource,
} from '../../applications/live-resource.js';
import { projectOf } from '../../applications/names.js';
import { bindRoute } from '../../http/bind.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import type { ActionRequest, ResourceActions } from './actions.js';
import { applyImpact } from './apply-impact.js';

export interface ResourceActionDeps extends LiveResourceDeps {
  readonly actions: ResourceActions;
}

type Routes = typeof routes;

export function registerResourceActionRoutes(app: FastifyInstance, deps: ResourceActionDeps): void {
  bindRoute(app, routes.listResourceActions, createList(deps));
  bindRoute(app, routes.runResourceAction, async ({ params, query, body }, context) =>
    run(deps, context, { resource: { ...query, ...params }, action: body, parameters: {} }),
  );
  bindRoute(app, routes.runResourceActionV2, async ({ params, body }, context) => {
    const { action, resourceActionParameters = [], ...resource } = body;
    const parameters = Object.fromEntries(
      resourceActionParameters.map(({ name = '', value = '' }) => [name, value] as const),
    );
    return run(deps, context, { resource: { ...resource, ...params }, action, parameters });
  });
}

function createList(deps: ResourceActionDeps): Handler<Routes['listResourceActions']['schemas']> {
  return async ({ params, query }, context) => {
    const { live } = await readLiveResource(deps, context, { ...query, ...params, action: 'get' });
    const actions = await deps.actions.discover(live);
    return {
      actions: actions.map(({ params: parameters, ...action }) => ({
        ...action,
        ...(parameters === undefined ? {} : { params: parameters.map((parameter) => ({ ...parameter })) }),
      })),
    };
  };
}

interface RunRequest extends ActionRequest {
  readonly resource: LiveResourceRequest;
}

async function run(deps: ResourceActionDeps, context: RequestContext, request: RunRequest): Promise<object> {
  const { resource, action, parameters } = request;
  const { applications } = deps.applicationState;
  const permission = actionPermission(resource, action);
  const subject = await readLiveResource(deps, context, { ...resource, action: permission });
  const { application } = subject;
  const impact = await deps.actions.run(subject.live, { action, parameters });
  const project = applications.projects.get(projectOf(application));
  await applyImpact(impact, { subject, project, signal: context.signal });
  const { group = '', kind = '', resourceName = '' } = resource;
  applications.audit(context.user, application, {
    reason: 'ResourceActionRan',
    action: `ran action ${action} on resource ${group}/${kind}/${resourceName}`,
  });
  const { apiVersion } = subject.live;
  applications.audit(context.user, subject.live, {
    ...{ reason: 'ResourceActionRan', action: `ran action ${action}`, kind, apiVersion },
  });
  return {};
}
