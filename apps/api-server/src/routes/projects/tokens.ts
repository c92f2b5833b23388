/** Tokens of project roles (F05, F29): issued, listed in the project, and deleted. */
import { randomUUID } from 'node:crypto';
import type { projectRoutes } from '@tiphys/api-contract';
import { type AppProject, type JwtToken, type ProjectRole, tokensOfRole, withTokensOfRole } from '@tiphys/model';
import { projectRoleSubject } from '@tiphys/rbac';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { changeProject, type ProjectDeps } from './deps.js';

type Routes = typeof projectRoutes;

export function createCreateProjectToken(deps: ProjectDeps): Handler<Routes['createToken']['schemas']> {
  return async ({ params: { project, role }, body }, context) => {
    requireMember(deps, context.user, { project, role });
    const expiresInSeconds = Number(body.expiresIn ?? 0);
    if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 0) {
      const text = 'expiresIn must be a whole number of seconds; 0 means that it never expires';
      throw new ApiError('invalidArgument', text);
    }
    const id = body.id || randomUUID();
    const subject = projectRoleSubject(project, role);
    const { token, issuedAt, expiresAt } = await deps.tokens.issueToken({ subject, id, expiresInSeconds });
    const entry: JwtToken = { iat: issuedAt, id, ...(expiresAt === undefined ? {} : { exp: expiresAt }) };
    await changeProject(deps, context, {
      ...{ name: project, reason: 'ResourceCreated', action: 'created token' },
      change: (current) => {
        const found = findRole(current, role);
        if (found === undefined) throw noRole(project, role);
        requireTokenRights(deps, context.user, { project, role: found });
        const tokens = tokensOfRole(current, role);
        if (tokens.some((known) => known.id === id)) {
          throw new ApiError('invalidArgument', `token id '${id}' has been used. Please use another id`);
        }
        return withTokensOfRole(current, role, [...tokens, entry]);
      },
    });
    return { token };
  };
}

/** A token or a role that is not there is as good as deleted. */
export function createDeleteProjectToken(deps: ProjectDeps): Handler<Routes['deleteToken']['schemas']> {
  return async ({ params: { project, role, iat }, query: { id } }, context) => {
    requireMember(deps, context.user, { project, role });
    await changeProject(deps, context, {
      ...{ name: project, reason: 'ResourceDeleted', action: 'deleted token' },
      change: (current) => {
        const found = findRole(current, role);
        if (found === undefined) {
          authorize(deps.authorizer, context.user, { resource: 'projects', action: 'update', object: project });
          return undefined;
        }
        requireTokenRights(deps, context.user, { project, role: found });
        const tokens = tokensOfRole(current, role);
        const rest = tokens.filter((token) => (id ? token.id !== id : token.iat !== Number(iat)));
        return rest.length === tokens.length ? undefined : withTokensOfRole(current, role, rest);
      },
    });
    return {};
  };
}

function findRole({ spec }: AppProject, name: string): ProjectRole | undefined {
  return spec.roles?.find((role) => role.name === name);
}

function noRole(project: string, role: string): ApiError {
  return new ApiError('notFound', `project '${project}' does not have role '${role}'`);
}

/** From memory: strangers are refused before the project is read, so that they learn nothing of it. */
function requireMember(
  deps: ProjectDeps,
  user: Subject,
  { project, role }: { readonly project: string; readonly role: string },
): void {
  const known = deps.projects.get(project);
  const found = known === undefined ? undefined : findRole(known, role);
  requireTokenRights(deps, user, { project, role: found ?? { name: role } });
}

/** Who may change the project may do it, and so may the members of the role's groups. */
function requireTokenRights(
  deps: ProjectDeps,
  user: Subject,
  { project, role }: { readonly project: string; readonly role: ProjectRole },
): void {
  if (user.groups.some((group) => role.groups?.includes(group) === true)) return;
  authorize(deps.authorizer, user, { resource: 'projects', action: 'update', object: project });
}
