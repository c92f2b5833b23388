/** What is left to compare for one subject, resource and action: the object, with the few patterns that can match it. */
import { headOf, type Pattern } from './pattern.js';
import type { CompiledRule } from './policy-index.js';

export interface Plan {
  /** Whether one of the names may act on the object; `without`: names that do not count. */
  permits(object: string, without?: ReadonlySet<string>): boolean;
}

/** The rules of one name (the user, a group or the default role) and of all of its roles. */
export interface RuleSet {
  readonly name: string;
  readonly rules: readonly CompiledRule[];
}

/** Object patterns of one name: one alternative is enough, `deny` wins within. */
interface Alternative {
  readonly name: string;
  readonly allows: readonly Pattern[];
  readonly denies: readonly Pattern[];
}

/** Heads are projects, or names of clusters and accounts that a caller may make up. */
const MAX_HEADS = 2_000;

export function createPlan(
  ruleSets: readonly RuleSet[],
  { resource, action }: { readonly resource: string; readonly action: string },
): Plan {
  const alternatives = ruleSets.flatMap(({ name, rules }) => {
    const matching = rules.filter((rule) => rule.resource.matches(resource) && rule.action.matches(action));
    return toAlternative(name, matching);
  });
  if (alternatives.length === 0) return { permits: () => false };
  const byHead = new Map<string, readonly Alternative[]>();
  return {
    permits: (object, without) => {
      const head = headOf(object);
      let candidates = byHead.get(head);
      if (candidates === undefined) {
        candidates = narrowed(alternatives, head);
        if (byHead.size >= MAX_HEADS) byHead.clear();
        byHead.set(head, candidates);
      }
      return candidates.some((each) => without?.has(each.name) !== true && permits(each, object));
    },
  };
}

function toAlternative(name: string, rules: readonly CompiledRule[]): readonly Alternative[] {
  const patterns = (allow: boolean) => unique(rules.filter((rule) => rule.allow === allow).map(({ object }) => object));
  const allows = patterns(true);
  return allows.length === 0 ? [] : [{ name, allows, denies: patterns(false) }];
}

function narrowed(alternatives: readonly Alternative[], head: string): readonly Alternative[] {
  const canMatch = (pattern: Pattern) => pattern.head === undefined || pattern.head === head;
  return alternatives.flatMap(({ name, allows, denies }) => {
    const left = allows.filter(canMatch);
    return left.length === 0 ? [] : [{ name, allows: left, denies: denies.filter(canMatch) }];
  });
}

function permits({ allows, denies }: Alternative, object: string): boolean {
  return allows.some(({ matches }) => matches(object)) && !denies.some(({ matches }) => matches(object));
}

/** Equal texts are one compiled pattern. */
function unique(patterns: readonly Pattern[]): readonly Pattern[] {
  return [...new Set(patterns)];
}
