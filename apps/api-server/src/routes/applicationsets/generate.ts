/** What an ApplicationSet would generate, without storing anything: `generate`, and `create` with `dryRun` (N06). */
import type { applicationSetRoutes } from '@tiphys/api-contract';
import { RESOURCES } from '@tiphys/cluster';
import { type GeneratorCluster, generateApplications, unsupportedParts } from '@tiphys/gitops-engine/applicationset';
import { type Application, type ApplicationSet, GROUP, type KubernetesObject, VERSION } from '@tiphys/model';
import type { Cluster } from '@tiphys/settings';
import { applicationJson } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import type { ApplicationSetDeps } from './deps.js';
import { checkedApplicationSet } from './input.js';
import type { DryRun } from './writes.js';

type GenerateHandler = Handler<(typeof applicationSetRoutes.generate)['schemas']>;

/** Asks for the same right as `create`. */
export function createGenerateApplications(deps: ApplicationSetDeps): GenerateHandler {
  return async ({ body }, { user, signal }) => {
    const wanted = checkedApplicationSet(deps, user, body.applicationSet);
    const applications = generated(deps, await asStored(deps, wanted, signal));
    return { serialized: `{"applications":[${applications.map(applicationJson).join(',')}]}` };
  };
}

/** The applications are in the status, as the controller would write them. */
export function createDryRun(deps: ApplicationSetDeps): DryRun {
  return async (wanted, { signal }) => {
    const resources = generated(deps, await asStored(deps, wanted, signal)).map(({ metadata }) => ({
      ...{ group: GROUP, version: VERSION, kind: 'Application' },
      ...{ name: metadata.name ?? '', namespace: metadata.namespace ?? '' },
    }));
    return { ...wanted, status: { ...wanted.status, resources } };
  };
}

/** Checked by the cluster against the CRD, under a name of nobody: whether one of that name exists does not matter. */
async function asStored(
  deps: ApplicationSetDeps,
  { metadata, ...rest }: ApplicationSet,
  signal: AbortSignal,
): Promise<ApplicationSet> {
  const unnamed = { ...rest, metadata: { namespace: deps.namespace, generateName: 'generate-' } };
  const options = { fieldManager: API_SERVER_MANAGER, dryRun: true, signal };
  const stored = await deps.kube.create(RESOURCES.applicationSets, unnamed as unknown as KubernetesObject, options);
  return { ...(stored as unknown as ApplicationSet), metadata };
}

function generated(deps: ApplicationSetDeps, applicationSet: ApplicationSet): readonly Application[] {
  const parts = unsupportedParts(applicationSet.spec);
  if (parts.length > 0) {
    const text = `cannot generate here: ${parts.join(', ')} of the ApplicationSet ${parts.length > 1 ? 'are' : 'is'} not supported yet`;
    throw new ApiError('unimplemented', `${text}; list, clusters, matrix and merge with simple {{ }} templates are`);
  }
  return generateApplications(applicationSet, { clusters: deps.settings.clusters().map(clusterOf) });
}

function clusterOf({ secretName, name, server, project, labels, annotations }: Cluster): GeneratorCluster {
  return {
    ...{ name, server, labels, annotations, registered: secretName !== undefined },
    ...(project === undefined ? {} : { project }),
  };
}
