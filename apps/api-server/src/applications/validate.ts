/** What a spec must fulfil before it is stored, beyond its schema; the controller checks again before every sync (S19). */
import type { ApplicationInput } from '@tiphys/api-contract';
import { checkApplicationAgainstProject } from '@tiphys/gitops-engine';
import {
  API_VERSION,
  type Application,
  type ApplicationDestination,
  type ApplicationSpec,
  DEFAULT_PROJECT,
  IN_CLUSTER_NAME,
  IN_CLUSTER_SERVER,
} from '@tiphys/model';
import { findCluster } from '@tiphys/settings';
import { ApiError } from '../errors.js';
import type { LiveSettings } from '../kube/config-objects.js';
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

export interface ValidationDeps {
  readonly namespace: string;
  /** Whether Applications of a namespace are looked after (A31). */
  readonly isApplicationNamespace: (namespace: string) => boolean;
  readonly projects: ProjectReader;
  readonly settings: Pick<LiveSettings, 'clusters' | 'repositories'>;
}

/** Throws `invalidArgument` with every problem and what to do about it. */
export function validateApplication(deps: ValidationDeps, application: Application): void {
  const problems = [...namespaceProblems(deps, application), ...projectProblems(deps, application)];
  if (problems.length === 0) return;
  const { name = '' } = application.metadata;
  throw new ApiError('invalidArgument', `application spec for ${name} is invalid: ${problems.join('; ')}`);
}

function namespaceProblems(deps: ValidationDeps, { metadata }: Application): readonly string[] {
  const { namespace = deps.namespace } = metadata;
  if (deps.isApplicationNamespace(namespace)) return [];
  return [
    `namespace '${namespace}' is not permitted: applications live in the namespace ${deps.namespace} and those of application.namespaces in argocd-cmd-params-cm`,
  ];
}

function projectProblems(
  { projects, settings, namespace }: ValidationDeps,
  application: Application,
): readonly string[] {
  const { project: projectName, destination } = application.spec;
  const project = projects.get(projectName);
  if (project === undefined) {
    return [`application references project ${projectName} which does not exist: create it or use another`];
  }
  const cluster = findCluster(settings.clusters(), destination);
  const resolved = { server: cluster?.server, name: cluster?.name, namespace: destination.namespace ?? '' };
  const own = settings.repositories().filter((repository) => repository.project === projectName);
  const conditions = checkApplicationAgainstProject(application, project, {
    ...(cluster === undefined ? {} : { destination: resolved }),
    projectRepositories: own.map(({ url }) => url),
    controlPlaneNamespace: namespace,
  });
  const unknown = cluster === undefined ? unknownCluster(destination) : [];
  return [...conditions.map(({ message }) => message), ...unknown];
}

/** Of a destination that names a cluster, and one only; the shape of it is checked with the project. */
function unknownCluster({ server = '', name = '' }: ApplicationDestination): readonly string[] {
  if ((server === '') === (name === '')) return [];
  const asked = server === '' ? `named ${name}` : server;
  return [
    `there is no cluster ${asked}; register it (a Secret labelled secret-type: cluster) or use ${IN_CLUSTER_SERVER} (${IN_CLUSTER_NAME})`,
  ];
}
