/** Which role of a project the token of a CI system acts as, by the rules of federation.config; asked again at every use. */
import type { AppProject } from '@tiphys/model';
import { projectRoleSubject } from '@tiphys/rbac';
import { type FederationRule, type FederationSettings, fittingClaims } from '@tiphys/settings';
import type { DerivedToken } from './derived-tokens.js';

export interface RoleDeps {
  readonly federation: () => FederationSettings;
  readonly projects: { get(name: string): AppProject | undefined };
}

/** What is known of the token that is exchanged, after its signature was checked. */
export interface Identity {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What the caller asks for: a rule by its name, or a role by its subject; neither: the first rule that fits. */
export interface WantedRole {
  readonly rule?: string;
  readonly subject?: string;
}

export type RoleChoice =
  | { readonly kind: 'role'; readonly rule: FederationRule; readonly claims: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly reason: string };

/** In the order of the setting; a role that does not exist counts as refused, so that no other one is taken for it. */
export function chooseRole(deps: RoleDeps, identity: Identity, wanted: WantedRole): RoleChoice {
  for (const rule of deps.federation().rules) {
    if (!isWanted(rule, wanted)) continue;
    const claims = fits(rule, identity);
    if (claims === undefined) continue;
    if (hasRole(deps, rule)) return { kind: 'role', rule, claims };
    return { kind: 'refused', reason: `rule ${rule.name}: project ${rule.project} has no role ${rule.role}` };
  }
  return { kind: 'refused', reason: 'no rule of federation.config fits its issuer, audience and claims' };
}

export function subjectOf({ project, role }: FederationRule): string {
  return projectRoleSubject(project, role);
}

function isWanted(rule: FederationRule, { rule: name, subject }: WantedRole): boolean {
  return (name === undefined || rule.name === name) && (subject === undefined || subjectOf(rule) === subject);
}

function fits(
  rule: FederationRule,
  { issuer, audiences, claims }: Identity,
): Readonly<Record<string, string>> | undefined {
  if (rule.issuer !== issuer || !audiences.includes(rule.audience)) return undefined;
  return fittingClaims(rule.claims, claims);
}

function hasRole({ projects }: RoleDeps, { project, role }: FederationRule): boolean {
  return projects.get(project)?.spec.roles?.some(({ name }) => name === role) === true;
}

/** Why a token that was issued for a role does not count any more; undefined: it does. */
export function roleEndedBecause(deps: RoleDeps, { username, origin }: DerivedToken): string | undefined {
  const rule = deps.federation().rules.find(({ name }) => name === origin.rule);
  const isSame = rule !== undefined && rule.issuer === origin.issuer && subjectOf(rule) === username;
  if (!isSame || fittingClaims(rule.claims, origin.claims ?? {}) === undefined) {
    return `the rule that this token of ${username} was issued by is not there any more`;
  }
  return hasRole(deps, rule) ? undefined : `there is no ${username} any more`;
}
