/** Command lines and the audit policy of the control plane's programs. */
import { join } from 'node:path';

/** Only writes are logged, each once, when it is done, and without bodies: enough to say who wrote what and how. */
export const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
});

/** A single etcd member that does not wait for the disk. */
export function etcdArguments(dataDirectory: string, clientPort: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  return [
    'etcd',
    '--name=tiphys',
    `--data-dir=${dataDirectory}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=tiphys=${peer}`,
    '--quota-backend-bytes=4294967296',
    '--log-level=warn',
  ];
}

/** Facts the API server needs to know. */
export interface ApiServerSetup {
  readonly directory: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly etcdPrefix: string;
}

/** RBAC on, tokens from a file, audit log; every file in `directory`. */
export function apiServerArguments({ directory, port, etcdUrl, etcdPrefix }: ApiServerSetup): string[] {
  const file = (name: string) => join(directory, name);
  return [
    'kube-apiserver',
    `--etcd-servers=${etcdUrl}`,
    `--etcd-prefix=${etcdPrefix}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${directory}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${file('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    // A /24 runs out of Service addresses at 254.
    '--service-cluster-ip-range=10.0.0.0/16',
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${file('audit-policy.json')}`,
    `--audit-log-path=${file('audit.log')}`,
    // Megabytes: never rotated within a test run.
    '--audit-log-maxsize=4096',
    '--profiling=false',
  ];
}

/** All controllers that need no nodes or cloud, with limits that do not slow a test down. */
export function controllerManagerArguments(directory: string, kubeconfig: string): string[] {
  return [
    'kube-controller-manager',
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${join(directory, 'sa.key')}`,
    `--root-ca-file=${join(directory, 'ca.crt')}`,
    '--controllers=*,-nodeipam,-cloud-node-lifecycle,-nodelifecycle',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}
