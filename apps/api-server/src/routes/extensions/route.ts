/** /extensions/<name>/* (N18, N20): passes requests of people who may to backends that the administrator chose. */
import { isDestinationPermitted } from '@tiphys/gitops-engine';
import type { Application, ApplicationDestination } from '@tiphys/model';
import { type ExtensionService, type ExtensionSettings, findCluster } from '@tiphys/settings';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findApplication } from '../../applications/find.js';
import { projectOf } from '../../applications/names.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type {} from '../../http/types.js';
import { type Backends, createBackends } from './backend.js';
import type { ExtensionDeps } from './deps.js';
import { requestHeaders, responseHeaders } from './headers.js';
import { readExtensionScripts } from './scripts.js';

const PREFIX = '/extensions/';

export async function registerExtensionRoutes(app: FastifyInstance, deps: ExtensionDeps): Promise<void> {
  const backends = createBackends();
  app.addHook('onClose', () => backends.close());
  app.get('/extensions.js', { config: { public: true }, schema: { hide: true } }, async (_, reply) =>
    reply
      .header('cache-control', 'no-cache')
      .type('text/javascript; charset=utf-8')
      .send(await readExtensionScripts(deps.directory, deps.log)),
  );
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // As it arrives: what it is is the backend's matter.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // The server takes a path with a slash at its end for the one without.
    for (const url of [`${PREFIX}:name`, `${PREFIX}:name/*`]) {
      scope.route<{ Params: { readonly name: string } }>({
        ...{ url, method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] },
        // A page of another site cannot send the headers that name the application.
        config: { anyContentType: true },
        schema: { hide: true },
        handler: (request, reply) => pass({ deps, backends, request, reply }),
      });
    }
  });
}

interface Passing {
  readonly deps: ExtensionDeps;
  readonly backends: Backends;
  readonly request: FastifyRequest<{ Params: { readonly name: string } }>;
  readonly reply: FastifyReply;
}

async function pass({ deps, backends, request, reply }: Passing): Promise<FastifyReply> {
  const { name } = request.params;
  const { user } = request;
  if (user === undefined) throw new ApiError('unauthenticated', 'no session information');
  const application = permittedApplication(deps, user, request);
  const extension = deps.extensions().extensions.get(name);
  if (extension === undefined) throw new ApiError('notFound', `there is no extension ${name}`);
  const service = serviceFor(deps, extension, application.spec.destination);
  const { namespace } = deps.applications;
  const started = performance.now();
  const answered = (status: number): void => {
    deps.onRequest({ extension: name, status, seconds: (performance.now() - started) / 1000 });
  };
  try {
    const answer = await backends.send({
      ...{ extension, origin: service.origin, method: request.method, path: pathOf(request) },
      headers: requestHeaders(request.headers, { namespace, application, user, service }),
      body: bodyOf(request),
      signal: request.deadline,
    });
    reply.raw.once('close', () => answered(answer.statusCode));
    return await reply.code(answer.statusCode).headers(responseHeaders(answer.headers)).send(answer.body);
  } catch (error) {
    answered(503);
    // What is left of the body stands before the connection's next request.
    if (bodyOf(request) !== undefined) reply.header('connection', 'close');
    throw error;
  }
}

/** Argo CD's order: the application and its project, then the extension; what is missing looks like what is forbidden. */
function permittedApplication(
  deps: ExtensionDeps,
  user: Subject,
  request: FastifyRequest<{ Params: { readonly name: string } }>,
): Application {
  const { applications, extensions } = deps;
  if (!extensions().enabled) {
    throw new ApiError('notFound', 'proxy extensions are switched off: server.enable.proxy.extension is not true');
  }
  const { namespace, name, project } = namedBy(request);
  const { application } = findApplication(applications, user, {
    name,
    appNamespace: namespace,
    project,
    action: 'get',
  });
  const access = { resource: 'extensions', action: 'invoke', object: request.params.name } as const;
  authorize(applications.authorizer, user, access);
  requireDestination(deps, application);
  return application;
}

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function namedBy({ headers }: FastifyRequest) {
  const application = headers['argocd-application-name'];
  const project = headers['argocd-project-name'];
  const [, namespace = '', name = ''] =
    /^([^:]+):([^:]+)$/.exec(typeof application === 'string' ? application : '') ?? [];
  if (!NAME.test(namespace) || !NAME.test(name)) {
    throw new ApiError(
      'invalidArgument',
      'the header Argocd-Application-Name must be <namespace>:<name> of an application',
    );
  }
  if (typeof project !== 'string' || !NAME.test(project)) {
    throw new ApiError('invalidArgument', 'the header Argocd-Project-Name must be the name of its project');
  }
  return { namespace, name, project };
}

/** A backend must not be asked about a cluster that the project may not use. */
function requireDestination({ applications }: ExtensionDeps, application: Application): void {
  const project = applications.projects.get(projectOf(application));
  const { destination } = application.spec;
  const cluster = findCluster(applications.settings.clusters(), destination);
  const { namespace = '' } = destination;
  const resolved = { namespace, server: cluster?.server ?? '', name: cluster?.name ?? '' };
  if (project !== undefined && cluster !== undefined && isDestinationPermitted(project, resolved)) return;
  throw new ApiError('permissionDenied', "the application's project does not allow its destination");
}

/** The only service, or that of the application's cluster, which may be named in either way. */
function serviceFor(
  { applications }: ExtensionDeps,
  { name, services }: ExtensionSettings,
  destination: ApplicationDestination,
): ExtensionService {
  const cluster = findCluster(applications.settings.clusters(), destination);
  const names = [destination.name, cluster?.name].filter(Boolean);
  const servers = [destination.server, cluster?.server].filter(Boolean);
  const found = services.find(
    ({ cluster: target }) => target === undefined || names.includes(target.name) || servers.includes(target.server),
  );
  if (found !== undefined) return found;
  throw new ApiError('failedPrecondition', `the extension ${name} has no service for the cluster of the application`);
}

/** As the client wrote it: nothing is decoded, so that nothing is read in two ways. */
function pathOf({ raw, params }: FastifyRequest<{ Params: { readonly name: string } }>): string {
  const url = raw.url ?? '';
  const rest = url.slice(url.indexOf(PREFIX) + PREFIX.length);
  const path = rest.slice(params.name.length);
  return path.startsWith('/') ? path : `/${path}`;
}

function bodyOf({ method, body }: FastifyRequest): NodeJS.ReadableStream | undefined {
  const isRead = method === 'GET' || method === 'HEAD' || body === undefined || body === null;
  return isRead ? undefined : (body as NodeJS.ReadableStream);
}
