/** What the application `shop` deploys; its Secret is full of canaries. */
import type { Files } from '@tiphys/testing';
import type { Canaries } from './canaries.js';

const yaml = (object: object) => `${JSON.stringify(object)}\n`;

export const POD = 'web-0';

export function shopFiles(canaries: Canaries, nodeName: string): Files {
  const data = canaries.plant('data of a Secret');
  const lastApplied = JSON.stringify({ data: { password: canaries.plant('last-applied annotation of a Secret') } });
  const container = { name: 'c', image: 'example.com/web:1' };
  return {
    'web/config.yaml': yaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } }),
    'web/doomed.yaml': yaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'doomed' }, data: { a: 'b' } }),
    'web/secret.yaml': yaml({
      ...{ apiVersion: 'v1', kind: 'Secret' },
      metadata: {
        name: 'login',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': lastApplied,
          'example.com/token': canaries.plant('sensitive annotation of a Secret'),
        },
      },
      data: { password: Buffer.from(data).toString('base64') },
      stringData: { token: canaries.plant('stringData of a Secret') },
    }),
    'web/pod.yaml': yaml({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: POD } },
      spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [container] },
    }),
    'web/deployment.yaml': yaml({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
      spec: {
        ...{ replicas: 0, selector: { matchLabels: { app: 'web' } } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      },
    }),
    'kustomize/kustomization.yaml': 'resources: []\n',
  };
}
