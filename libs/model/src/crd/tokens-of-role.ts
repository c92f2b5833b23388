/** Tokens of project roles (F05). They are listed twice: in the status, and for older clients in the role itself. */
import type { AppProject, JwtToken, ProjectRole } from './app-project.js';

/** The tokens of one role from both lists; none when there is no such role. */
export function tokensOfRole(project: AppProject | undefined, roleName: string): readonly JwtToken[] {
  const role = project?.spec.roles?.find(({ name }) => name === roleName);
  if (role === undefined) return [];
  return union(role.jwtTokens ?? [], project?.status?.jwtTokensByRole?.[roleName]?.items ?? []);
}

/** Both lists as the union of both; a role that is gone takes its tokens along. */
export function withEqualTokenLists(project: AppProject): AppProject {
  const { roles } = project.spec;
  if (roles === undefined || roles.length === 0) {
    const { jwtTokensByRole: _gone, ...status } = project.status ?? {};
    return project.status === undefined ? project : { ...project, status };
  }
  const listed = roles.map((role) => [role, tokensOfRole(project, role.name)] as const);
  const withTokens = listed.filter(([, tokens]) => tokens.length > 0);
  const byRole = Object.fromEntries(withTokens.map(([{ name }, tokens]) => [name, { items: [...tokens] }]));
  return {
    ...project,
    spec: { ...project.spec, roles: listed.map(([role, tokens]) => setTokens(role, tokens)) },
    ...(withTokens.length > 0 || project.status !== undefined
      ? { status: { ...project.status, jwtTokensByRole: byRole } }
      : {}),
  };
}

/** The project with exactly these tokens of the role, in both lists. */
export function withTokensOfRole(project: AppProject, roleName: string, tokens: readonly JwtToken[]): AppProject {
  const roles = (project.spec.roles ?? []).map((role) => (role.name === roleName ? setTokens(role, tokens) : role));
  const { [roleName]: _old, ...others } = project.status?.jwtTokensByRole ?? {};
  const jwtTokensByRole = { ...others, ...(tokens.length > 0 ? { [roleName]: { items: [...tokens] } } : {}) };
  return { ...project, spec: { ...project.spec, roles }, status: { ...project.status, jwtTokensByRole } };
}

function setTokens({ jwtTokens: _old, ...role }: ProjectRole, tokens: readonly JwtToken[]): ProjectRole {
  return tokens.length === 0 ? role : { ...role, jwtTokens: [...tokens] };
}

function union(first: readonly JwtToken[], second: readonly JwtToken[]): readonly JwtToken[] {
  const keyOf = ({ id, iat }: JwtToken) => id || String(iat);
  const byKey = new Map([...first, ...second].map((token) => [keyOf(token), token]));
  return [...byKey.values()].sort((a, b) => b.iat - a.iat);
}
