/**
 * The decision: subject and groups, through roles, to rules. Casbin's semantics as Argo CD configures it, with an index
 * by subject and compiled patterns, because a list of applications asks thousands of times.
 */
import { type AppProject, compileGlob } from '@tiphys/model';
import { RE2JS } from 're2js';
import { BUILT_IN_POLICY } from './built-in.js';
import { type Policy, type PolicyProblem, parsePolicy } from './policy.js';
import { projectPolicy } from './project-policy.js';
import type { MatchMode, RbacSettings } from './settings.js';

export interface RbacSubject {
  /** User name, token subject or `proj:<project>:<role>`; empty for anonymous users. */
  readonly name: string;
  readonly groups: readonly string[];
}

export interface RbacRequest {
  readonly resource: string;
  readonly action: string;
  /** See {@link applicationObject} for what belongs to a project; the name for anything else. */
  readonly object: string;
}

export interface Enforcer {
  /** `project`: the one that the object belongs to; its roles count, too. */
  allows(subject: RbacSubject, request: RbacRequest, project?: AppProject): boolean;
  /** Lines of the policy texts that have no effect. */
  readonly problems: readonly PolicyProblem[];
}

/** Objects of a project: `<project>/<name>` in the control plane's namespace, `<project>/<namespace>/<name>` elsewhere (F16). */
export function applicationObject(
  application: { readonly project: string; readonly namespace: string; readonly name: string },
  controlPlaneNamespace: string,
): string {
  const { project, namespace, name } = application;
  return namespace === controlPlaneNamespace ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}

/** `deny` beats `allow` for one subject (F15); what `policy.default` grants cannot be denied. */
export function createEnforcer(settings: RbacSettings): Enforcer {
  const parsed = [BUILT_IN_POLICY, ...settings.policyTexts].map(parsePolicy);
  const installation = indexPolicy(parsed, settings.matchMode);
  const projects = new WeakMap<AppProject, PolicyIndex>();
  const indexOf = (project: AppProject) => {
    const known = projects.get(project) ?? indexPolicy([projectPolicy(project)], settings.matchMode);
    projects.set(project, known);
    return known;
  };
  return {
    problems: parsed.flatMap(({ problems }) => problems),
    allows(subject, request, project) {
      const indexes = project === undefined ? [installation] : [installation, indexOf(project)];
      const { defaultRole } = settings;
      if (defaultRole !== undefined && permits(defaultRole, request, [installation])) return true;
      return [subject.name, ...subject.groups].some((name) => name !== '' && permits(name, request, indexes));
    },
  };
}

interface CompiledRule {
  readonly allow: boolean;
  readonly matches: (request: RbacRequest) => boolean;
}

interface PolicyIndex {
  readonly rules: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

function permits(name: string, request: RbacRequest, indexes: readonly PolicyIndex[]): boolean {
  let allowed = false;
  for (const subject of withRoles(name, indexes)) {
    for (const rule of indexes.flatMap(({ rules }) => rules.get(subject) ?? [])) {
      if (!rule.matches(request)) continue;
      if (!rule.allow) return false;
      allowed = true;
    }
  }
  return allowed;
}

/** The subject and every role it has, also through other roles; cycles end. */
function withRoles(name: string, indexes: readonly PolicyIndex[]): ReadonlySet<string> {
  const found = new Set([name]);
  for (const subject of found) {
    for (const role of indexes.flatMap(({ roles }) => roles.get(subject) ?? [])) found.add(role);
  }
  return found;
}

function indexPolicy(policies: readonly Policy[], mode: MatchMode): PolicyIndex {
  const compile = cachedCompiler(mode);
  const rules = new Map<string, CompiledRule[]>();
  const roles = new Map<string, string[]>();
  for (const { subject, effect, ...patterns } of policies.flatMap((policy) => policy.rules)) {
    const [resource, action, object] = [patterns.resource, patterns.action, patterns.object].map(compile);
    const matches = (request: RbacRequest) =>
      resource?.(request.resource) === true && action?.(request.action) === true && object?.(request.object) === true;
    append(rules, subject, { allow: effect === 'allow', matches });
  }
  for (const { member, role } of policies.flatMap((policy) => policy.memberships)) append(roles, member, role);
  return { rules, roles };
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

type Matcher = (text: string) => boolean;

function cachedCompiler(mode: MatchMode): (pattern: string) => Matcher {
  const cache = new Map<string, Matcher>();
  return (pattern) => {
    const matcher = cache.get(pattern) ?? (mode === 'glob' ? compileGlob(pattern) : compileExpression(pattern));
    cache.set(pattern, matcher);
    return matcher;
  };
}

/** Unanchored, as Go's regexp.MatchString, and in linear time (S12); an invalid expression matches nothing. */
function compileExpression(pattern: string): Matcher {
  try {
    const expression = RE2JS.compile(pattern);
    return (text) => expression.matcher(text).find();
  } catch {
    return () => false;
  }
}
