/** `ignoreDifferences` of the application and of the system (A10, C06-C09), compiled once per comparison. */
import {
  type GroupVersionKind,
  groupOf,
  type JsonObject,
  type KubernetesObject,
  matchesGlob,
  type ResourceIgnoreDifferences,
} from '@tiphys/model';
import { type Budget, createBudget, JqError, JqLimitError } from './jq/budget.js';
import { compileJq, type JqQuery, MAX_STEPS } from './jq/query.js';
import { type ParsedExpression, parsePathExpression } from './path-expression.js';
import { type Path, type PathStep, parseJsonPointer } from './paths.js';

/** Some 300 ms: what a comparison may spend on expressions of all its objects. */
const MAX_STEPS_OF_COMPARISON = 3_000_000;

export interface IgnoreRules {
  readonly rules: readonly CompiledRule[];
  /** One sentence for each expression that could not be used; more may come while objects are compared. */
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

/** `steps`: what all jq expressions may spend on all objects together; default some 300 ms. */
export function compileIgnoreDifferences(
  rules: readonly ResourceIgnoreDifferences[],
  steps: number = MAX_STEPS_OF_COMPARISON,
): IgnoreRules {
  const problems: string[] = [];
  const budget = createBudget(steps);
  const compiled = rules.map((rule) => {
    const pointers = (rule.jsonPointers ?? []).flatMap((pointer) => {
      const path = parseJsonPointer(pointer);
      if (path === undefined) problems.push(problemText('jsonPointers', pointer, 'a JSON pointer starts with "/"'));
      return path === undefined ? [] : [path];
    });
    const expressions = (rule.jqPathExpressions ?? []).flatMap((expression) => {
      const compiled = compileExpression(expression, { budget, problems });
      if ('problem' in compiled) problems.push(problemText('jqPathExpressions', expression, compiled.problem));
      return 'path' in compiled ? [compiled.path] : [];
    });
    return { rule, paths: [...pointers, ...expressions] };
  });
  return { rules: compiled, problems };
}

interface Expressions {
  /** Of all expressions and objects of a comparison. */
  readonly budget: Budget;
  readonly problems: string[];
}

/** Plain paths directly, everything else of jq by its interpreter. */
function compileExpression(expression: string, shared: Expressions): ParsedExpression {
  const plain = parsePathExpression(expression);
  if ('path' in plain) return plain;
  const compiled = compileJq(expression);
  return 'problem' in compiled ? compiled : { path: [queryStep(expression, { ...shared, query: compiled.query })] };
}

/** An expression that takes too long is left out for the rest of the comparison, and shown (S7). */
function queryStep(
  expression: string,
  { query, budget, problems }: Expressions & { readonly query: JqQuery },
): PathStep {
  let failed = false;
  const pathsIn = (object: JsonObject): readonly Path[] => {
    if (failed) return [];
    const own = createBudget(MAX_STEPS);
    try {
      const paths = query.pathsIn(object, own);
      budget.spend(own.spent);
      return paths.map((path) => path.map(stepTo));
    } catch (error) {
      if (!(error instanceof JqLimitError) && !(error instanceof JqError)) throw error;
      failed = true;
      problems.push(problemText('jqPathExpressions', expression, error.message));
      return [];
    }
  };
  return { kind: 'query', pathsIn };
}

function stepTo(key: string | number): PathStep {
  return typeof key === 'number' ? { kind: 'index', index: key } : { kind: 'field', name: key };
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
