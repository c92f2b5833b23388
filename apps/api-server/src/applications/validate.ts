/** What a spec must fulfil before it is stored, beyond its schema; the controller checks again before every sync (S19). */
import type { ApplicationInput } from '@tiphys/api-contract';
import { API_VERSION, type Application, type ApplicationSpec, DEFAULT_PROJECT, sourcesOf } from '@tiphys/model';
import { ApiError } from '../errors.js';
import type { ProjectReader } from './deps.js';

/** The object to store: only what users may set, `project` filled in. Status is the controller's. */
export function toApplication(input: ApplicationInput, namespace: string): Application {
  const { metadata, spec, operation } = input;
  const { name, labels, annotations, finalizers } = metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Application',
    metadata: {
      name,
      namespace: metadata.namespace || namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: normalizeSpec(spec),
    ...(operation === undefined ? {} : { operation }),
  };
}

export function normalizeSpec(spec: ApplicationInput['spec']): ApplicationSpec {
  return { ...spec, project: spec.project || DEFAULT_PROJECT };
}

/** Throws `invalidArgument` with every problem and what to do about it. */
export function validateSpec(name: string, spec: ApplicationSpec, projects: ProjectReader): void {
  const problems = [...sourceProblems(spec), ...destinationProblems(spec), ...projectProblems(spec, projects)];
  if (problems.length === 0) return;
  throw new ApiError('invalidArgument', `application spec for ${name} is invalid: ${problems.join('; ')}`);
}

function sourceProblems(spec: ApplicationSpec): readonly string[] {
  const sources = sourcesOf(spec);
  if (sources.length === 0 && spec.sourceHydrator === undefined) {
    return ['spec.source, spec.sources or spec.sourceHydrator is required: say which repository to deploy'];
  }
  return sources.flatMap((source, index) => {
    const field = spec.sources?.length ? `spec.sources[${index}]` : 'spec.source';
    if (source.repoURL === '') return [`${field}.repoURL is required`];
    const hasContent = Boolean(source.path) || Boolean(source.chart) || Boolean(source.ref);
    return hasContent ? [] : [`${field}.path or ${field}.chart is required: say what to deploy from ${source.repoURL}`];
  });
}

function destinationProblems(spec: ApplicationSpec): readonly string[] {
  const { server, name } = spec.destination;
  if (server && name) return [`application destination can't have both name and server defined: ${name} ${server}`];
  if (!server && !name) return ['destination.server or destination.name is required, for example name: in-cluster'];
  return [];
}

function projectProblems(spec: ApplicationSpec, projects: ProjectReader): readonly string[] {
  if (projects.get(spec.project) !== undefined) return [];
  return [`application references project ${spec.project} which does not exist: create it or use another`];
}
