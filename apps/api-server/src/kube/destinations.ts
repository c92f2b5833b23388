/** Clients of the clusters that applications are deployed to: made when first needed, anew when the registration changes. */
import {
  connectionFromClusterSecret,
  createDiscovery,
  createKubeClient,
  type Discovery,
  type KubeClient,
} from '@tiphys/cluster';
import { type ApplicationDestination, IN_CLUSTER_SERVER } from '@tiphys/model';
import { type Cluster, findCluster } from '@tiphys/settings';
import { auditedClient } from '../audit/audited-client.js';
import { ApiError } from '../errors.js';
import type { LiveSettings } from './config-objects.js';
import type { ObserveClients } from './observe-clients.js';

export interface Destination {
  readonly server: string;
  readonly name: string;
  readonly client: KubeClient;
  readonly discovery: Discovery;
}

export interface Destinations {
  /** @throws ApiError failedPrecondition when nobody registered the destination, or its Secret cannot be used. */
  for(destination: ApplicationDestination): Promise<Destination>;
  close(): Promise<void>;
}

export interface DestinationsDeps {
  readonly settings: Pick<LiveSettings, 'clusters' | 'clusterSecret'>;
  /** Client of the control-plane cluster; stays open. */
  readonly home: KubeClient;
  /** Of the clients that are made here. */
  readonly observe?: ObserveClients | undefined;
}

interface Opened {
  /** The Secret as it was: a change makes another client. */
  readonly data: unknown;
  readonly destination: Destination;
}

export function createDestinations({ settings, home, observe }: DestinationsDeps): Destinations {
  const opened = new Map<string, Opened>();
  const homeDiscovery = createDiscovery(home);

  async function open(cluster: Cluster): Promise<Destination> {
    const { server, name, secretName } = cluster;
    if (secretName === undefined) return { server, name, client: home, discovery: homeDiscovery };
    const data = settings.clusterSecret(secretName)?.data;
    const known = opened.get(server);
    if (known !== undefined && known.data === data) return known.destination;
    if (cluster.auth.kind === 'refused') throw unusable(cluster, cluster.auth.reason);
    const connection = await connect(cluster, { text: data?.['config'] ?? '{}', observe });
    const client = auditedClient(createKubeClient(connection, observe?.client));
    const destination = { server, name, client, discovery: createDiscovery(client) };
    opened.set(server, { data, destination });
    await known?.destination.client.close();
    return destination;
  }

  return {
    for: (destination) => {
      const cluster = findCluster(settings.clusters(), destination);
      if (cluster !== undefined) return open(cluster);
      const asked = destination.server || destination.name || IN_CLUSTER_SERVER;
      throw new ApiError('failedPrecondition', `the destination cluster ${asked} is not registered`);
    },
    close: async () => {
      await Promise.all([...opened.values()].map(({ destination }) => destination.client.close()));
      opened.clear();
    },
  };
}

interface ConnectOptions {
  readonly text: string;
  readonly observe: ObserveClients | undefined;
}

async function connect(cluster: Cluster, { text, observe }: ConnectOptions) {
  const { name, server, namespaces, clusterResources } = cluster;
  try {
    const config = JSON.parse(text) as object;
    const secret = { name, server, namespaces, clusterResources, config };
    return await connectionFromClusterSecret(secret, observe?.credentials);
  } catch (error) {
    throw unusable(cluster, error instanceof Error ? error.message : String(error));
  }
}

function unusable({ name }: Cluster, reason: string): ApiError {
  return new ApiError('failedPrecondition', `the registration of cluster ${name} cannot be used: ${reason}`);
}
