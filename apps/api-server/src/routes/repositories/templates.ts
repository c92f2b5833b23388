/** Credential templates: list, create, update, delete (N12, G09). Their rules are those of the address. */
import type { repoCredsRoutes } from '@tiphys/api-contract';
import { isSameGitUrl } from '@tiphys/model';
import type { Repository, SettingsData } from '@tiphys/settings';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { templateBody, withoutPassword } from './bodies.js';
import { parsedSecret } from './connection.js';
import type { CredentialKind, RepositoryDeps } from './deps.js';
import { objectOf } from './find.js';
import { differingKeys, templateData } from './secret-data.js';

type Routes = typeof repoCredsRoutes;

export interface TemplateDeps extends RepositoryDeps {
  readonly kind: CredentialKind;
}

export function createListTemplates(deps: TemplateDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    const { resource } = deps.kind;
    const items = templatesOf(deps)
      .filter((template) => deps.authorizer(user, { resource, action: 'get', object: objectOf(template) }))
      .filter(({ url }) => !query.url || isSameGitUrl(url, query.url))
      .sort((a, b) => (a.url < b.url ? -1 : 1));
    return { metadata: {}, items: items.map(templateBody) };
  };
}

/** An equal template that exists already is answered as created; a different one needs `upsert`. */
export function createCreateTemplate(deps: TemplateDeps): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, { user, signal }) => {
    const { kind } = deps;
    authorize(deps.authorizer, user, { resource: kind.resource, action: 'create', object: body.url });
    const data = checkedData(deps, body.url, body);
    const existing = findTemplate(deps, body.url);
    const answer = { url: withoutPassword(body.url) };
    if (existing === undefined) {
      await deps.secrets.create({ kind: kind.template, data }, signal);
      deps.log.info('credential template created', { user: user.username, ...answer, security: 2 });
      return answer;
    }
    const stored = (await deps.secrets.read(existing.secretName, signal)) ?? {};
    const different = differingKeys(stored, kept(data, stored));
    if (different.length === 0) return answer;
    if (query.upsert !== true) {
      const text = 'existing repository credentials spec is different; use upsert flag to force update';
      throw new ApiError('invalidArgument', `${text}; difference in keys ${different.join(', ')}`);
    }
    authorize(deps.authorizer, user, { resource: kind.resource, action: 'update', object: objectOf(existing) });
    await deps.secrets.update(existing.secretName, kept(data, stored), signal);
    deps.log.info('credential template updated', { user: user.username, ...answer, security: 2 });
    return answer;
  };
}

/** Replaces it, credentials too; as in Argo CD one that is not there is created. */
export function createUpdateTemplate(deps: TemplateDeps): Handler<Routes['update']['schemas']> {
  return async ({ params: { url }, body }, { user, signal }) => {
    const { kind } = deps;
    const existing = findTemplate(deps, url);
    const object = objectOf(existing ?? { url });
    authorize(deps.authorizer, user, { resource: kind.resource, action: 'update', object });
    const data = checkedData(deps, url, body);
    if (existing === undefined) await deps.secrets.create({ kind: kind.template, data }, signal);
    else {
      const stored = (await deps.secrets.read(existing.secretName, signal)) ?? {};
      await deps.secrets.update(existing.secretName, kept(data, stored), signal);
    }
    const answer = { url: withoutPassword(url) };
    deps.log.info('credential template updated', { user: user.username, ...answer, security: 2 });
    return answer;
  };
}

export function createDeleteTemplate(deps: TemplateDeps): Handler<Routes['delete']['schemas']> {
  return async ({ params: { url } }, { user, signal }) => {
    const existing = findTemplate(deps, url);
    const object = objectOf(existing ?? { url });
    authorize(deps.authorizer, user, { resource: deps.kind.resource, action: 'delete', object });
    if (existing === undefined) throw new ApiError('notFound', `repository credentials "${url}" not found`);
    await deps.secrets.remove(existing.secretName, signal);
    const { username } = user;
    deps.log.info('credential template deleted', { user: username, url: withoutPassword(url), security: 2 });
    return {};
  };
}

function templatesOf({ settings, kind }: TemplateDeps): readonly Repository[] {
  return settings.repositories().filter(({ secretType }) => secretType === kind.template.type);
}

function findTemplate(deps: TemplateDeps, url: string): Repository | undefined {
  return templatesOf(deps).find((template) => isSameGitUrl(template.url, url));
}

/** What requests cannot say stays: the spelling of the address, and what only Secrets of our own have. */
function kept(data: SettingsData, stored: SettingsData): SettingsData {
  const own = ['url', 'name', 'project', 'insecure', 'insecureIgnoreHostKey', 'enableLfs', 'depth'];
  const stays = Object.fromEntries(Object.entries(stored).filter(([key]) => own.includes(key)));
  const proxy = stored['proxy'];
  const isMasked = proxy !== undefined && data['proxy'] === withoutPassword(proxy);
  return { ...data, ...(isMasked ? { proxy } : {}), ...stays };
}

function checkedData(deps: TemplateDeps, url: string, input: object): SettingsData {
  if (/\s/.test(url)) throw new ApiError('invalidArgument', 'the address of credentials has no spaces');
  const data = templateData(url, input);
  parsedSecret(deps, deps.kind.template.type, data);
  return data;
}
