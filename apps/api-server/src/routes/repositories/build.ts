/** The parts of the repository routes, from those that the application has anyway. */
import type { KubeClient } from '@tiphys/cluster';
import { type Logger, systemClock } from '@tiphys/runtime';
import type { ApplicationDeps } from '../../applications/deps.js';
import type { ConfigObjects } from '../../kube/config-objects.js';
import type { ApplicationStateDeps } from '../application-state/deps.js';
import type { RepositoryDeps } from './deps.js';
import { createCredentialSecrets } from './secret-store.js';

export interface RepositoryParts {
  readonly kube: KubeClient;
  readonly settings: ConfigObjects;
  readonly applications: ApplicationDeps;
  readonly applicationState: Pick<ApplicationStateDeps, 'repositoryAccess' | 'kubeVersion'>;
  readonly repoServer: RepositoryDeps['repoServer'];
  readonly log: Logger;
}

export function buildRepositoryDeps(parts: RepositoryParts): RepositoryDeps {
  const { kube, settings, applications, applicationState, repoServer, log } = parts;
  const { namespace, authorizer } = applications;
  const { repositoryAccess, kubeVersion } = applicationState;
  const secrets = createCredentialSecrets({ kube, namespace, observe: settings.observe });
  return {
    ...{ namespace, settings, secrets, authorizer, repoServer, repositoryAccess, applications, kubeVersion },
    ...{ clock: systemClock, log },
  };
}
