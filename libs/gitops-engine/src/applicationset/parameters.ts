/** Parameters of generators (I02, I03, I09, I10): list, clusters, and their combinations matrix and merge. */
import {
  type ApplicationSetGenerator,
  type ApplicationSetSpec,
  GitOpsError,
  type LabelSelector,
  type NestedGenerator,
  type TerminalGenerator,
} from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { matchesLabels } from '../project/global-projects.js';
import { type Params, renderText, renderValue } from './render.js';

/** What the cluster generator knows of a registered cluster. */
export interface GeneratorCluster {
  readonly name: string;
  readonly server: string;
  readonly project?: string;
  /** False: the implicit entry of the own cluster, which has no labels and is left out when a selector is given. */
  readonly registered: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface GeneratorSources {
  readonly clusters: readonly GeneratorCluster[];
}

/** More than any installation has applications; two long lists in a matrix must not fill the memory. */
export const MAX_GENERATED = 10_000;

type Generator = ApplicationSetGenerator | NestedGenerator | TerminalGenerator;

interface Context {
  readonly sources: GeneratorSources;
  readonly applyNestedSelectors: boolean;
  /** 0: a generator of the spec; below a matrix or merge 1, then 2. */
  readonly depth: number;
  /** Of the first generator of a matrix, for the second. */
  readonly outer: Params;
}

/** The parameter sets of a generator of the spec. @throws GitOpsError InvalidSpec that says which generator is wrong. */
export function generatorParams(
  generator: ApplicationSetGenerator,
  spec: Pick<ApplicationSetSpec, 'applyNestedSelectors'>,
  sources: GeneratorSources,
): readonly Params[] {
  const applyNestedSelectors = spec.applyNestedSelectors ?? false;
  return paramsOf(generator, { sources, applyNestedSelectors, depth: 0, outer: {} });
}

function paramsOf(requested: Generator, context: Context): readonly Params[] {
  const isInner = Object.keys(context.outer).length > 0;
  const generator = isInner ? renderValue(requested, context.outer) : requested;
  const params = produced(generator, context);
  if (params.length > MAX_GENERATED) throw tooMany();
  // Selectors below the second level count only where the spec asks for them (I12).
  const { selector } = requested;
  if (selector === undefined || (context.depth > 1 && !context.applyNestedSelectors)) return params;
  return params.filter((set) => matchesLabels(selector, textsOf(set)));
}

function produced(generator: Generator, context: Context): readonly Params[] {
  if (generator.list !== undefined) return listParams(generator.list);
  if (generator.clusters !== undefined) return clusterParams(generator.clusters, context.sources.clusters);
  const inner = { ...context, depth: context.depth + 1 };
  if ('matrix' in generator && generator.matrix !== undefined) return matrixParams(generator.matrix.generators, inner);
  if ('merge' in generator && generator.merge !== undefined) {
    return mergeParams(generator.merge, { ...inner, outer: {} });
  }
  throw invalid('a generator is empty: use list, clusters, matrix or merge');
}

type ListGenerator = NonNullable<ApplicationSetGenerator['list']>;

function listParams({ elements = [], elementsYaml = '' }: ListGenerator): readonly Params[] {
  const fromYaml: unknown = elementsYaml === '' ? [] : parseElements(elementsYaml);
  if (!Array.isArray(fromYaml) || !fromYaml.every(isRecord)) {
    throw invalid('list.elementsYaml must be a YAML list of objects');
  }
  return [...elements.map(listElement), ...fromYaml];
}

function parseElements(text: string): unknown {
  try {
    return parseYaml(text, { origin: 'list.elementsYaml' });
  } catch (error) {
    throw new GitOpsError('InvalidSpec', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** `values: {a: b}` becomes `values.a`. */
function listElement(element: Params): Params {
  const entries = Object.entries(element).flatMap(([key, value]) => {
    if (key !== 'values') return [[key, textOf(key, value)] as const];
    if (!isRecord(value)) throw invalid('values of a list element must be an object');
    return Object.entries(value).map(([name, text]) => [`values.${name}`, textOf(`values.${name}`, text)] as const);
  });
  return Object.fromEntries(entries);
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalid(`${key} of a list element is not a text: put it in quotes`);
}

type ClusterGenerator = NonNullable<ApplicationSetGenerator['clusters']>;

function clusterParams({ selector, values }: ClusterGenerator, clusters: readonly GeneratorCluster[]) {
  const selects = isSelective(selector);
  const chosen = clusters.filter(({ registered, labels }) => {
    if (!registered) return !selects;
    return selector === undefined || matchesLabels(selector, labels);
  });
  return chosen.map((cluster): Params => {
    const { name, server, project = '' } = cluster;
    const params = {
      ...{ name, server, project, nameNormalized: normalizeName(name) },
      ...prefixed('metadata.annotations.', cluster.annotations),
      ...prefixed('metadata.labels.', cluster.labels),
    };
    const rendered = Object.entries(values ?? {}).map(([key, text]) => [key, renderText(text, params)] as const);
    return { ...params, ...prefixed('values.', Object.fromEntries(rendered)) };
  });
}

function isSelective(selector: LabelSelector | undefined): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length > 0 || matchExpressions.length > 0;
}

function prefixed(prefix: string, entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** A name that Kubernetes accepts: lower case, at most 253 characters, other characters become `-`. */
export function normalizeName(name: string): string {
  const valid = name.toLowerCase().replace(/[^-a-z0-9.]/g, '-');
  return valid.slice(0, 253).replace(/^[-.]+|[-.]+$/g, '');
}

/** Every set of the first with every set of the second, which may use the parameters of the first. */
function matrixParams(generators: readonly Generator[], context: Context): readonly Params[] {
  const [first, second, ...more] = generators;
  if (first === undefined || second === undefined || more.length > 0) {
    throw invalid(`a matrix needs two generators, not ${generators.length}; nest a matrix for more`);
  }
  const combined: Params[] = [];
  for (const outer of paramsOf(first, { ...context, outer: {} })) {
    for (const inner of paramsOf(second, { ...context, outer })) {
      if (combined.length === MAX_GENERATED) throw tooMany();
      combined.push(combine(outer, inner));
    }
  }
  return combined;
}

function combine(outer: Params, inner: Params): Params {
  for (const [key, value] of Object.entries(inner)) {
    if (!Object.hasOwn(outer, key) || Object.is(outer[key], value)) continue;
    throw invalid(`both generators of a matrix set ${key}, to different values: rename one of them`);
  }
  return { ...outer, ...inner };
}

interface Merge {
  readonly generators: readonly Generator[];
  readonly mergeKeys: readonly string[];
}

/** The sets of the first generator; sets of the others with equal merge keys are laid over them. */
function mergeParams({ generators, mergeKeys }: Merge, context: Context): readonly Params[] {
  const [first, ...others] = generators;
  if (first === undefined || others.length === 0) {
    throw invalid(`a merge needs at least two generators, not ${generators.length}`);
  }
  if (mergeKeys.length === 0) throw invalid('a merge needs mergeKeys: the parameters by which sets belong together');
  const keyOf = (set: Params): string => JSON.stringify(mergeKeys.map((key) => set[key] ?? null));
  const layers = others.map((other) => uniqueBy(paramsOf(other, context), keyOf));
  return paramsOf(first, context).map((base) =>
    layers.reduce<Params>((set, layer) => ({ ...set, ...layer.get(keyOf(base)) }), base),
  );
}

function uniqueBy(sets: readonly Params[], keyOf: (set: Params) => string): ReadonlyMap<string, Params> {
  const byKey = new Map<string, Params>();
  for (const set of sets) {
    const key = keyOf(set);
    if (byKey.has(key)) throw invalid(`two parameter sets of a merged generator have the merge keys ${key}`);
    byKey.set(key, set);
  }
  return byKey;
}

function textsOf(set: Params): Record<string, string> {
  const texts = Object.entries(set).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tooMany(): GitOpsError {
  return invalid(`it generates more than ${MAX_GENERATED} applications: use several ApplicationSets`);
}

function invalid(text: string): GitOpsError {
  return new GitOpsError('InvalidSpec', text);
}
