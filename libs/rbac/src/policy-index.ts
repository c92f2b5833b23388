/** A policy as the enforcer reads it: rules by subject with compiled patterns, roles by member. */
import { ANYTHING, type Pattern } from './pattern.js';
import type { Policy, PolicyProblem, PolicyRule } from './policy.js';
import type { MatchMode } from './settings.js';

export interface CompiledRule {
  readonly allow: boolean;
  readonly resource: Pattern;
  readonly action: Pattern;
  readonly object: Pattern;
}

export interface PolicyIndex {
  readonly rules: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

export interface Compiler {
  readonly mode: MatchMode;
  readonly compile: (pattern: string) => Pattern;
}

export function indexPolicy(policies: readonly Policy[], compiler: Compiler): PolicyIndex {
  const rules = new Map<string, CompiledRule[]>();
  const roles = new Map<string, string[]>();
  for (const rule of policies.flatMap((policy) => policy.rules)) append(rules, rule.subject, compiled(rule, compiler));
  for (const { member, role } of policies.flatMap((policy) => policy.memberships)) append(roles, member, role);
  return { rules, roles };
}

/**
 * An expression that is none fails the whole decision in Casbin as soon as it is compared, left to right: a `deny` of
 * everything that the patterns before it match. A glob that is none matches nothing.
 */
function compiled({ effect, ...rule }: PolicyRule, { mode, compile }: Compiler): CompiledRule {
  const [resource, action, object] = [compile(rule.resource), compile(rule.action), compile(rule.object)];
  if (mode === 'regex' && !resource.isValid) return denyOf(ANYTHING, ANYTHING);
  if (mode === 'regex' && !action.isValid) return denyOf(resource, ANYTHING);
  if (mode === 'regex' && !object.isValid) return denyOf(resource, action);
  return { allow: effect === 'allow', resource, action, object };
}

function denyOf(resource: Pattern, action: Pattern): CompiledRule {
  return { allow: false, resource, action, object: ANYTHING };
}

/** Rules that do not mean what they say, for the log. */
export function patternProblems(policy: Policy, { mode, compile }: Compiler): readonly PolicyProblem[] {
  const kind =
    mode === 'regex' ? 'no valid regular expression: the rule denies' : 'no valid glob: the rule has no effect';
  return policy.rules.flatMap(({ subject, resource, action, object }) => {
    const wrong = [resource, action, object].find((pattern) => !compile(pattern).isValid);
    if (wrong === undefined) return [];
    return [{ line: 0, message: `in a rule of ${subject}, "${wrong}" is ${kind}`, severity: 'warning' } as const];
  });
}

/** The name and every role it has, also through other roles; cycles end. */
export function withRoles(name: string, indexes: readonly PolicyIndex[]): ReadonlySet<string> {
  const found = new Set([name]);
  for (const subject of found) {
    for (const { roles } of indexes) for (const role of roles.get(subject) ?? []) found.add(role);
  }
  return found;
}

/** What is said about these names, in any order: a rule counts the same wherever it stands. */
export function rulesOf(names: ReadonlySet<string>, indexes: readonly PolicyIndex[]): readonly CompiledRule[] {
  return [...names].flatMap((name) => indexes.flatMap(({ rules }) => rules.get(name) ?? []));
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
