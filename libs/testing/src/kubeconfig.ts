/** Writing kubeconfig files for a test cluster, and reading the one of an existing cluster. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { ClusterAccess } from './kube-client.js';

/** Writes a kubeconfig (JSON is YAML) with one context per user; the first user's is current. */
export function writeKubeconfig(file: string, access: ClusterAccess, tokens: Readonly<Record<string, string>>): void {
  const users = Object.entries(tokens);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'tiphys-test', cluster: { server: access.server, 'certificate-authority-data': access.caData } },
    ],
    users: users.map(([name, token]) => ({ name, user: { token } })),
    contexts: users.map(([name]) => ({ name, context: { cluster: 'tiphys-test', user: name } })),
    'current-context': users[0]?.[0],
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** Access to the current context of a kubeconfig: tokens and client certificates, no exec plugins. */
export function readKubeconfig(file: string): ClusterAccess {
  const config = load(readFileSync(file, 'utf8')) as KubeconfigFile;
  const context = config.contexts.find((entry) => entry.name === config['current-context'])?.context;
  const cluster = config.clusters.find((entry) => entry.name === context?.cluster)?.cluster;
  const user = config.users.find((entry) => entry.name === context?.user)?.user;
  if (cluster?.server === undefined) {
    throw new Error(`${file}: its current context names no cluster with a server`);
  }
  const data = (fields: Fields | undefined, name: string) =>
    fields?.[`${name}-data`] ?? (fields?.[name] && readBase64(resolve(dirname(file), fields[name])));
  return {
    server: cluster.server.replace(/\/$/, ''),
    caData: data(cluster, 'certificate-authority'),
    token: user?.['token'],
    clientCertificateData: data(user, 'client-certificate'),
    clientKeyData: data(user, 'client-key'),
  };
}

type Fields = Readonly<Record<string, string>>;

interface KubeconfigFile {
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string; readonly cluster: Fields & { readonly server: string } }[];
  readonly users: readonly { readonly name: string; readonly user: Fields }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
}

function readBase64(file: string): string {
  return readFileSync(file).toString('base64');
}
