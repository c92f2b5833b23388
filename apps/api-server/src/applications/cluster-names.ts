/** Names of destination clusters, as lists are filtered, sorted and counted by them. */
import type { LiveSettings } from '../kube/config-objects.js';
import type { ClusterNameOf } from './facets.js';

/** Looked up once per change of the settings, not once per application. */
export function createClusterNames(settings: Pick<LiveSettings, 'clusters' | 'version'>): ClusterNameOf {
  let known: { readonly version: unknown; readonly byAddress: ReadonlyMap<string, string> } | undefined;
  const byAddress = (): ReadonlyMap<string, string> => {
    const version = settings.version();
    if (known?.version !== version) {
      known = { version, byAddress: new Map(settings.clusters().map(({ server, name }) => [server, name])) };
    }
    return known.byAddress;
  };
  return ({ spec: { destination } }) => {
    const address = (destination.server ?? '').replace(/\/+$/, '');
    return destination.name || byAddress().get(address) || address;
  };
}
