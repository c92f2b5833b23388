/** Repositories: list, get, create, update, delete, and a test of access (N11). */
import type { RepositoryBody, RepositoryInput, repositoryRoutes, ValidateBody } from '@tiphys/api-contract';
import { isSameGitUrl } from '@tiphys/model';
import type { Repository, SettingsData } from '@tiphys/settings';
import { authorize, scopedObject } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { inheritedBy, repositoryBody, UNTESTED, withoutPassword } from './bodies.js';
import { connectionOf, parsedSecret, testConnection } from './connection.js';
import type { ConnectionStates } from './connection-states.js';
import type { CredentialKind, RepositoryDeps } from './deps.js';
import { findExact, findVisible, objectOf, visibleRepositories } from './find.js';
import { differingKeys, repositoryData } from './secret-data.js';

type Routes = typeof repositoryRoutes;

export interface ReadDeps extends RepositoryDeps {
  readonly kind: CredentialKind;
  readonly states: ConnectionStates;
}

export function createListRepositories(deps: ReadDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    const wanted = visibleRepositories(deps, deps.kind, user).filter(
      ({ url, project = '', type }) =>
        (!query.repo || isSameGitUrl(url, query.repo)) &&
        (!query.appProject || project === query.appProject) &&
        (!query.type || type === query.type),
    );
    const refresh = query.forceRefresh === true;
    const items = await Promise.all(wanted.map((repository) => withState(deps, repository, refresh)));
    return { metadata: {}, items };
  };
}

export function createGetRepository(deps: ReadDeps): Handler<Routes['get']['schemas']> {
  return async ({ params, query }, { user }) => {
    const found = findVisible(deps, deps.kind, { user, url: params.repo, project: query.appProject });
    return withState(deps, found, query.forceRefresh === true);
  };
}

async function withState(deps: ReadDeps, repository: Repository, refresh: boolean): Promise<RepositoryBody> {
  const question = { key: repository.secretName, connection: () => connectionOf(deps, deps.kind, repository) };
  const connectionState = await deps.states.of(question, { refresh });
  return { ...repositoryBody(repository, inheritedBy(repository, deps.settings.repositories())), connectionState };
}

/** An equal repository that exists already is answered as created; a different one needs `upsert`. */
export function createCreateRepository(deps: ReadDeps): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, context) => {
    const { kind } = deps;
    const { user, signal } = context;
    const object = scopedObject(body.project, body.repo);
    authorize(deps.authorizer, user, { resource: kind.resource, action: 'create', object });
    const address = { url: body.repo, project: body.project };
    const existing = findExact(deps, kind, address);
    const data = checkedData(body.repo, body, existing);
    const parsed = parsedSecret(deps, kind.repository.type, data);
    // As in Argo CD, those of projects are not tested: they may be registered before they can be reached.
    if (parsed.project === undefined || kind.write)
      await testConnection(deps, connectionOf(deps, kind, parsed), signal);
    if (existing === undefined) {
      await deps.secrets.create({ kind: kind.repository, data }, signal);
      deps.log.info('repository created', { user: user.username, repository: withoutPassword(body.repo), security: 2 });
    } else {
      await onExisting(deps, context, { existing, data, upsert: query.upsert === true });
    }
    return answerOf(parsed);
  };
}

interface ExistingRepository {
  readonly existing: Repository;
  readonly data: SettingsData;
  readonly upsert: boolean;
}

async function onExisting(
  deps: ReadDeps,
  { user, signal }: RequestContext,
  { existing, data, upsert }: ExistingRepository,
): Promise<void> {
  const stored = (await deps.secrets.read(existing.secretName, signal)) ?? {};
  const different = differingKeys(stored, { ...data, url: stored['url'] ?? '' });
  if (different.length === 0) return;
  if (!upsert) {
    const text = 'existing repository spec is different; use upsert flag to force update';
    throw new ApiError('invalidArgument', `${text}; difference in keys ${different.join(', ')}`);
  }
  authorize(deps.authorizer, user, { resource: deps.kind.resource, action: 'update', object: objectOf(existing) });
  await deps.secrets.update(existing.secretName, data, signal);
  deps.log.info('repository updated', { user: user.username, repository: withoutPassword(existing.url), security: 2 });
}

/** Replaces it, credentials too; as in Argo CD one that is not there is created, and nothing is tested. */
export function createUpdateRepository(deps: ReadDeps): Handler<Routes['update']['schemas']> {
  return async ({ params, body }, { user, signal }) => {
    const { kind } = deps;
    const url = params.repo;
    const address = { url, project: body.project };
    const existing = findExact(deps, kind, address);
    const before = existing ?? findExact(deps, kind, { url, project: undefined });
    for (const object of new Set([objectOf(before ?? { url }), scopedObject(body.project, url)])) {
      authorize(deps.authorizer, user, { resource: kind.resource, action: 'update', object });
    }
    const data = checkedData(existing?.url ?? url, body, existing);
    const parsed = parsedSecret(deps, kind.repository.type, data);
    connectionOf(deps, kind, parsed);
    if (existing === undefined) await deps.secrets.create({ kind: kind.repository, data }, signal);
    else await deps.secrets.update(existing.secretName, data, signal);
    deps.log.info('repository updated', { user: user.username, repository: withoutPassword(url), security: 2 });
    return answerOf(parsed);
  };
}

export function createDeleteRepository(deps: ReadDeps): Handler<Routes['delete']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { resource } = deps.kind;
    const found = findVisible(deps, deps.kind, { user, url: params.repo, project: query.appProject });
    authorize(deps.authorizer, user, { resource, action: 'delete', object: objectOf(found) });
    await deps.secrets.remove(found.secretName, signal);
    deps.log.info('repository deleted', { user: user.username, repository: withoutPassword(found.url), security: 2 });
    return {};
  };
}

/** Without credentials of its own the request is tested with those of the template that covers the address. */
export function createValidateAccess(deps: ReadDeps): Handler<Routes['validate']['schemas']> {
  return async ({ params, query, body }, { user, signal }) => {
    const { enableOci, insecureOciForceHttp, ...texts } = query;
    const given = { ...texts, enableOCI: enableOci, insecureOCIForceHttp: insecureOciForceHttp, ...fieldsOf(body) };
    const object = scopedObject(given.project, params.repo);
    authorize(deps.authorizer, user, { resource: deps.kind.resource, action: 'create', object });
    const data = checkedData(params.repo, given, undefined);
    const parsed = parsedSecret(deps, deps.kind.repository.type, data);
    await testConnection(deps, connectionOf(deps, deps.kind, parsed), signal);
    return {};
  };
}

function fieldsOf(body: ValidateBody): Partial<RepositoryInput> {
  return typeof body === 'object' && body !== null ? body : {};
}

/** Control characters would end up in log lines and command lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const NOT_IN_ADDRESSES = /[\s\u0000-\u001f\u007f]/;

function checkedData(url: string, input: object, existing: Repository | undefined): SettingsData {
  if (NOT_IN_ADDRESSES.test(url)) throw new ApiError('invalidArgument', 'the address of a repository has no spaces');
  const data = repositoryData(url, input);
  // The masked address that a list answered comes back unchanged: then the proxy stays what it is.
  const proxy = existing?.proxy;
  return proxy !== undefined && data['proxy'] === withoutPassword(proxy) ? { ...data, proxy } : data;
}

/** What Argo CD answers to writes. */
function answerOf({ url, type, name, project }: Repository): RepositoryBody {
  return {
    ...{ repo: withoutPassword(url), type, connectionState: UNTESTED },
    ...(name === undefined ? {} : { name }),
    ...(project === undefined ? {} : { project }),
  };
}
