/** A cluster as answers show it: no password, no token, no key, no argument of a plugin (S21, S22). Pure. */
import type { ClusterBody, ClusterConfigBody } from '@tiphys/api-contract';
import type { Cluster } from '@tiphys/settings';

/** Only what is named here is shown. */
export function clusterBody(cluster: Cluster): ClusterBody {
  const { server, name, namespaces, clusterResources, project, shard, labels, annotations } = cluster;
  return {
    ...{ server, name, config: configOf(cluster), labels: { ...labels }, annotations: shown(annotations) },
    ...(namespaces.length === 0 ? {} : { namespaces: [...namespaces], clusterResources }),
    ...(project === undefined ? {} : { project }),
    ...(shard === undefined ? {} : { shard }),
  };
}

/** kubectl keeps the whole Secret in this one. */
function shown(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _whole, ...others } = annotations;
  return others;
}

function configOf({ auth, tls, proxyUrl, disableCompression }: Cluster): ClusterConfigBody {
  const { insecure, serverName, caData, certData } = tls;
  const encode = (pem: string) => Buffer.from(pem).toString('base64');
  return {
    tlsClientConfig: {
      insecure,
      ...(serverName === undefined ? {} : { serverName }),
      ...(caData === undefined ? {} : { caData: encode(caData) }),
      ...(certData === undefined ? {} : { certData: encode(certData) }),
    },
    ...authOf(auth),
    ...(proxyUrl === undefined ? {} : { proxyUrl: withoutUser(proxyUrl) }),
    ...(disableCompression ? { disableCompression } : {}),
  };
}

function authOf(auth: Cluster['auth']): Partial<ClusterConfigBody> {
  if (auth.kind === 'basic') return { username: auth.username };
  if (auth.kind === 'exec') {
    const { command, apiVersion } = auth.exec;
    return { execProviderConfig: { command, apiVersion } };
  }
  if (auth.kind !== 'aws') return {};
  const { clusterName, roleArn: roleARN, profile } = auth.aws;
  return {
    awsAuthConfig: {
      clusterName,
      ...(roleARN === undefined ? {} : { roleARN }),
      ...(profile === undefined ? {} : { profile }),
    },
  };
}

/** A proxy's URL may hold a password. */
function withoutUser(text: string): string {
  if (!URL.canParse(text)) return '';
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}
