/** Objects as they are committed. JSON is YAML. */
import type { KubeObject } from '@tiphys/testing';

export type Annotations = Readonly<Record<string, string>>;

/** One file with these objects. */
export function yaml(...objects: readonly KubeObject[]): string {
  return objects.map((object) => JSON.stringify(object, undefined, 2)).join('\n---\n');
}

export function configMap(name: string, data: Readonly<Record<string, string>>, annotations?: Annotations): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(name, annotations), data };
}

export function service(name: string): KubeObject {
  const spec = { selector: { app: name }, ports: [{ port: 80, targetPort: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

export interface DeploymentOptions {
  readonly image?: string;
  readonly replicas?: number;
}

export function deployment(name: string, { image = 'guestbook:v1', replicas = 1 }: DeploymentOptions = {}): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
}

export function job(name: string, { image = 'task:v1', annotations = {} as Annotations } = {}): KubeObject {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(name, annotations),
    spec: { backoffLimit: 0, template },
  };
}

function metadataOf(name: string, annotations?: Annotations): KubeObject['metadata'] {
  return annotations === undefined ? { name } : { name, annotations };
}
