/** The monorepo and its applications: per application one folder with a ConfigMap, a Service and a Deployment of 0 replicas. */
import type { Files, KubeObject } from '@tiphys/testing';

export const NAMESPACE = 'bench';
export const OBJECTS_PER_APPLICATION = 3;

export function applicationNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `app-${String(index + 1).padStart(4, '0')}`);
}

/** All files of the first commit. */
export function monorepo(names: readonly string[]): Files {
  return Object.assign({}, ...names.map((name) => filesOfApplication(name))) as Files;
}

export function configMapPath(name: string): string {
  return `apps/${name}/configmap.yaml`;
}

/** The file that a push changes; the version is what the cluster is watched for. */
export function configMapFile(name: string, version: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  version: "${version}"
`;
}

function filesOfApplication(name: string): Files {
  return {
    [configMapPath(name)]: configMapFile(name, '1'),
    [`apps/${name}/service.yaml`]: `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - port: 80
      targetPort: 8080
`,
    [`apps/${name}/deployment.yaml`]: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
spec:
  replicas: 0
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
        - name: web
          image: registry.invalid/web:1
          ports:
            - containerPort: 8080
          resources:
            requests:
              cpu: 100m
              memory: 64Mi
`,
  };
}

export function application(
  name: string,
  options: { readonly namespace: string; readonly repoURL: string },
): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: options.namespace },
    spec: {
      project: 'default',
      source: { repoURL: options.repoURL, path: `apps/${name}`, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}
