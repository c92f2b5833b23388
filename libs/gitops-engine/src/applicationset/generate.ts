/** From an ApplicationSet to its applications (I01, I18): parameters of every generator, rendered into the template. */
import {
  API_VERSION,
  type Application,
  type ApplicationSet,
  type ApplicationSetSpec,
  type ApplicationSetTemplate,
  FINALIZERS,
} from '@tiphys/model';
import { type GeneratorSources, generatorParams } from './parameters.js';
import { type Params, renderValue } from './render.js';

/**
 * What of the specification is not evaluated by {@link generateApplications}, as texts for people; it must not be
 * called unless this is empty.
 */
export function unsupportedParts(spec: ApplicationSetSpec): readonly string[] {
  const generators = new Set(spec.generators.flatMap(unsupportedGenerators));
  return [
    ...(spec.goTemplate === true ? ['goTemplate'] : []),
    ...(spec.templatePatch ? ['templatePatch'] : []),
    ...[...generators].sort().map((name) => `the ${name} generator`),
  ];
}

const UNSUPPORTED = ['git', 'scmProvider', 'pullRequest', 'clusterDecisionResource', 'plugin'] as const;

interface AnyGenerator extends Readonly<Partial<Record<(typeof UNSUPPORTED)[number], unknown>>> {
  readonly clusters?: { readonly flatList?: boolean } | undefined;
  readonly matrix?: { readonly generators: readonly AnyGenerator[] } | undefined;
  readonly merge?: { readonly generators: readonly AnyGenerator[] } | undefined;
}

function unsupportedGenerators(generator: AnyGenerator): readonly string[] {
  const inner = [...(generator.matrix?.generators ?? []), ...(generator.merge?.generators ?? [])];
  return [
    ...UNSUPPORTED.filter((name) => generator[name] !== undefined),
    ...(generator.clusters?.flatList === true ? ['clusters (flatList)'] : []),
    ...inner.flatMap(unsupportedGenerators),
  ];
}

/** In the order of the generators; names may repeat. @throws GitOpsError InvalidSpec that says what is wrong. */
export function generateApplications(
  { metadata, spec }: Pick<ApplicationSet, 'metadata' | 'spec'>,
  sources: GeneratorSources,
): readonly Application[] {
  return spec.generators.flatMap((generator) => {
    const own = [generator.list, generator.clusters, generator.matrix, generator.merge];
    const template = own.find((kind) => kind !== undefined)?.template;
    const merged = template === undefined ? spec.template : (fill(template, spec.template) as ApplicationSetTemplate);
    return generatorParams(generator, spec, sources).map((params) =>
      applicationOf(merged, params, { spec, namespace: metadata.namespace ?? '' }),
    );
  });
}

interface Owner {
  readonly spec: ApplicationSetSpec;
  readonly namespace: string;
}

/** Always in the namespace of the ApplicationSet: its author has rights nowhere else (I31). */
function applicationOf(template: ApplicationSetTemplate, params: Params, { spec, namespace }: Owner): Application {
  const rendered = renderValue(template, params);
  const { name, labels, annotations, finalizers = [] } = rendered.metadata;
  const preserved = spec.syncPolicy?.preserveResourcesOnDeletion === true || Object.keys(params).length === 0;
  const kept = finalizers.length > 0 || preserved ? finalizers : [FINALIZERS.resources];
  return {
    apiVersion: API_VERSION,
    kind: 'Application',
    metadata: {
      ...(name === undefined ? {} : { name }),
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(kept.length === 0 ? {} : { finalizers: kept }),
    },
    spec: rendered.spec,
  };
}

/** The template of a generator wins; what it leaves empty is taken from the ApplicationSet's. */
function fill(own: unknown, base: unknown): unknown {
  if (isEmpty(own)) return base;
  if (!isRecord(own) || !isRecord(base)) return own;
  const keys = new Set([...Object.keys(base), ...Object.keys(own)]);
  return Object.fromEntries([...keys].map((key) => [key, fill(own[key], base[key])]));
}

/** As in Go's JSON: an empty value is one that is not given. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return Array.isArray(value) && value.length === 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
