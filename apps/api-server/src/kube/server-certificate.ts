/** The certificate of the public port (L13), watched: argocd-server-tls, else what argocd-secret holds, as in Argo CD. */
import { createInformer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { decodeSecretData, type SettingsData } from '@tiphys/settings';
import type { ServerCertificate } from '../tls/public-server.js';

export interface ServerCertificateWatch {
  current(): ServerCertificate | undefined;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerCertificateOptions {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
}

export function watchServerCertificate({ kube, namespace, log }: ServerCertificateOptions): ServerCertificateWatch {
  const watches = [CONFIG_OBJECTS.serverTls, CONFIG_OBJECTS.secret].map((name) => {
    const fieldSelector = `metadata.name=${name}`;
    const secret = { resource: RESOURCES.secrets, fieldSelector, transform: decodeSecretData };
    const informer = createInformer<SettingsData>({ client: kube, namespace, log, ...secret });
    return { informer, data: () => informer.get(namespace, name) };
  });
  return {
    current: () => watches.map(({ data }) => certificateIn(data())).find((certificate) => certificate !== undefined),
    start: async (signal) => {
      await Promise.all(watches.map(({ informer }) => informer.start(signal)));
    },
    stop: async () => {
      await Promise.all(watches.map(({ informer }) => informer.stop()));
    },
  };
}

function certificateIn(data: SettingsData = {}): ServerCertificate | undefined {
  const { 'tls.crt': cert = '', 'tls.key': key = '' } = data;
  return cert === '' || key === '' ? undefined : { cert, key };
}
