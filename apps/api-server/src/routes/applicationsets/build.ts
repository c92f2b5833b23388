/** Starts what the ApplicationSet routes read from memory; it ends with the HTTP application. */
import type { ApiServerDeps } from '../../deps.js';
import { watchApplicationSets } from '../../kube/watched-application-sets.js';
import type { ApplicationSetDeps } from './deps.js';

/** Who ends what was started. */
interface Closing {
  onClose(stop: () => Promise<void>): void;
}

/** Resolves after the first list: the first answer is a whole one. */
export async function startApplicationSets(
  { onClose }: Closing,
  { applications, applicationState, log }: Pick<ApiServerDeps, 'applications' | 'applicationState' | 'log'>,
): Promise<ApplicationSetDeps> {
  const { namespace, projects, settings, authorizer, audit } = applications;
  const { kube } = applicationState;
  const applicationSets = watchApplicationSets({ client: kube, namespace, log });
  const closing = new AbortController();
  onClose(async () => {
    closing.abort(new Error('the API server stops'));
    await applicationSets.stop();
  });
  await applicationSets.start(closing.signal);
  return { namespace, kube, applicationSets, projects, settings, authorizer, audit };
}
