/** The Kubernetes version of the control plane's cluster, asked once in a while. */
import type { KubeClient } from '@tiphys/cluster';
import type { Clock } from '@tiphys/runtime';

const REMEMBERED_MS = 5 * 60_000;

/** Empty when the cluster does not say: the renderer's default is then used. */
export function createKubeVersion(
  kube: Pick<KubeClient, 'request'>,
  clock: Clock,
): (signal: AbortSignal) => Promise<string> {
  let known = { version: '', at: Number.NEGATIVE_INFINITY };
  return async (signal) => {
    const now = clock.now().getTime();
    if (now - known.at < REMEMBERED_MS) return known.version;
    const answer = (await kube.request('GET', '/version', { signal })) as { readonly gitVersion?: string } | undefined;
    known = { version: answer?.gitVersion ?? '', at: now };
    return known.version;
  };
}
