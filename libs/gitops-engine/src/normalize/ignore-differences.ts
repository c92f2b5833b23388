/** `ignoreDifferences` of the application and of the system (A10, C06-C09), compiled once per comparison. */
import {
  type GroupVersionKind,
  groupOf,
  type KubernetesObject,
  matchesGlob,
  type ResourceIgnoreDifferences,
} from '@tiphys/model';
import { parsePathExpression } from './path-expression.js';
import { type Path, parseJsonPointer } from './paths.js';

export interface IgnoreRules {
  readonly rules: readonly CompiledRule[];
  /** One sentence for each expression that could not be used; the comparison goes on without it. */
  readonly problems: readonly string[];
}

interface CompiledRule {
  readonly rule: ResourceIgnoreDifferences;
  readonly paths: readonly Path[];
}

/** What to leave out of the comparison of one object. */
export interface IgnoredFields {
  readonly paths: readonly Path[];
  readonly managers: readonly string[];
}

export function compileIgnoreDifferences(rules: readonly ResourceIgnoreDifferences[]): IgnoreRules {
  const problems: string[] = [];
  const compiled = rules.map((rule) => {
    const pointers = (rule.jsonPointers ?? []).flatMap((pointer) => {
      const path = parseJsonPointer(pointer);
      if (path === undefined) problems.push(problemText('jsonPointers', pointer, 'a JSON pointer starts with "/"'));
      return path === undefined ? [] : [path];
    });
    const expressions = (rule.jqPathExpressions ?? []).flatMap((expression) => {
      const parsed = parsePathExpression(expression);
      if ('problem' in parsed) problems.push(problemText('jqPathExpressions', expression, parsed.problem));
      return 'path' in parsed ? [parsed.path] : [];
    });
    return { rule, paths: [...pointers, ...expressions] };
  });
  return { rules: compiled, problems };
}

function problemText(field: string, text: string, problem: string): string {
  return `ignoreDifferences: the ${field} entry "${text}" cannot be used: ${problem}; correct or remove it`;
}

/** Group and kind are globs, name and namespace are exact where they are set. */
export function ignoredFieldsOf(object: KubernetesObject, { rules }: IgnoreRules): IgnoredFields {
  const matching = rules.filter(({ rule }) => matchesRule(object, rule));
  return {
    paths: matching.flatMap(({ paths }) => paths),
    managers: matching.flatMap(({ rule }) => rule.managedFieldsManagers ?? []),
  };
}

function matchesRule(object: KubernetesObject, rule: ResourceIgnoreDifferences): boolean {
  const identity: Pick<GroupVersionKind, 'group' | 'kind'> = { group: groupOf(object.apiVersion), kind: object.kind };
  if (!matchesGlob(rule.group ?? '', identity.group) || !matchesGlob(rule.kind, identity.kind)) return false;
  const { name, namespace } = object.metadata;
  return matchesWhenSet(rule.name, name) && matchesWhenSet(rule.namespace, namespace);
}

function matchesWhenSet(expected: string | undefined, actual: string | undefined): boolean {
  return expected === undefined || expected === '' || expected === (actual ?? '');
}
