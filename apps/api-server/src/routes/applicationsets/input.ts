/** An ApplicationSet as a caller sends it: what is stored of it, and what must hold before (N06, S19). */
import type { ApplicationSetInput } from '@tiphys/api-contract';
import { API_VERSION, type ApplicationSet, type ApplicationSetSpec } from '@tiphys/model';
import { projectOf } from '../../applications/names.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import { type ApplicationSetDeps, accessNameOfSet, checkNamespace } from './deps.js';

/**
 * The object to store: only what users may set; status is the controller's. The rest of the spec is the cluster's to
 * check. @throws ApiError invalidArgument, or permissionDenied for a foreign namespace or a right that is missing.
 */
export function checkedApplicationSet(deps: ApplicationSetDeps, user: Subject, input: ApplicationSetInput) {
  const problem = problemOf(input.spec);
  if (problem !== undefined) throw new ApiError('invalidArgument', `error validating ApplicationSets: ${problem}`);
  const wanted = toApplicationSet(input, checkNamespace(deps, input.metadata.namespace));
  const object = accessNameOfSet(wanted, deps.namespace);
  authorize(deps.authorizer, user, { resource: 'applicationsets', action: 'create', object });
  const project = projectOf({ spec: wanted.spec.template.spec });
  if (deps.projects.get(project) !== undefined) return wanted;
  const text = `ApplicationSet references project ${project} which does not exist: create it or use another`;
  throw new ApiError('invalidArgument', text);
}

function toApplicationSet({ metadata, spec }: ApplicationSetInput, namespace: string): ApplicationSet {
  const { name, labels, annotations, finalizers } = metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'ApplicationSet',
    metadata: {
      ...{ name, namespace },
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: spec as unknown as ApplicationSetSpec,
  };
}

const GENERATORS = [
  ...['list', 'clusters', 'git', 'scmProvider', 'pullRequest', 'clusterDecisionResource'],
  ...['plugin', 'matrix', 'merge'],
] as const;

/** Undefined: the shape is one that the access check and the generators can rely on. */
function problemOf(spec: Readonly<Record<string, unknown>>): string | undefined {
  const template = recordOf(spec['template']);
  const applicationSpec = recordOf(template?.['spec']);
  if (applicationSpec === undefined) return 'spec.template.spec is missing: it is the spec of the applications';
  const { project = '' } = applicationSpec;
  if (typeof project !== 'string') return 'spec.template.spec.project must be the name of a project';
  // Access is decided by the project: a template would let its author pick any (as in Argo CD).
  if (project.includes('{{')) {
    return 'spec.template.spec.project must not be a template here; apply such an ApplicationSet with kubectl';
  }
  const generators = spec['generators'];
  if (!Array.isArray(generators)) return 'spec.generators must be a list';
  const unknown = generators.findIndex((generator) => !hasKind(generator));
  if (unknown < 0) return undefined;
  return `spec.generators[${unknown}] contains no known generator: use one of ${GENERATORS.join(', ')}`;
}

function hasKind(generator: unknown): boolean {
  const record = recordOf(generator);
  return GENERATORS.some((kind) => recordOf(record?.[kind]) !== undefined);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
