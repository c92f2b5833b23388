/** What is rendered: one source of each kind, in the shapes that teams have, made here so that nothing hides in a fixture. */
import type { Files } from '@tiphys/testing';

export type SourceName = 'directory' | 'kustomize' | 'helm' | 'helm-umbrella' | 'jsonnet';

export interface BenchSource {
  readonly name: SourceName;
  readonly what: string;
  readonly files: Files;
  /** Objects in the result of a variant. */
  readonly objects: (variant: number) => number;
  /** `spec.source` without its address; with another number the render key is another, and so is the render. */
  readonly source: (variant: number) => Readonly<Record<string, unknown>>;
  /** What a person with a checkout types; undefined: there is nothing to start. */
  readonly command: { readonly tool: string; readonly args: readonly string[] } | undefined;
}

const SERVICES = 8;
const SUBCHARTS = 6;
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

const configMap = (name: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  LOG_LEVEL: info
  settings.yaml: |
    retries: 3
    timeout: 30s
`;

const service = (name: string): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
`;

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
        - name: app
          image: registry.example.org/${name}:1.0.0
          ports:
            - containerPort: 8080
          envFrom:
            - configMapRef:
                name: ${name}
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
`;

const DIRECTORY_FILES = numbers(SERVICES).flatMap((number) =>
  ['configmap', 'service', 'deployment'].map((kind) => `service-${number}/${kind}.yaml`),
);
/** Its bits leave files out: only other files make another key. */
const leftOut = (variant: number): readonly string[] =>
  DIRECTORY_FILES.filter((_file, index) => Math.floor(variant / 2 ** index) % 2 === 1);

const directory: BenchSource = {
  name: 'directory',
  what: `up to ${DIRECTORY_FILES.length} objects in as many files`,
  objects: (variant) => DIRECTORY_FILES.length - leftOut(variant).length,
  files: Object.assign(
    {},
    ...numbers(SERVICES).map((number) => {
      const name = `service-${number}`;
      return {
        [`${name}/configmap.yaml`]: configMap(name),
        [`${name}/service.yaml`]: service(name),
        [`${name}/deployment.yaml`]: deployment(name),
      };
    }),
  ) as Files,
  source: (variant) => ({ path: '.', directory: { recurse: true, exclude: `{none,${leftOut(variant).join(',')}}` } }),
  command: undefined,
};

const kustomize: BenchSource = {
  name: 'kustomize',
  what: 'an overlay with patches, a generator, images and labels over a base of 3 services',
  objects: () => 10,
  files: {
    'base/kustomization.yaml': `resources: [${numbers(3).flatMap((n) => [`service-${n}.yaml`, `deployment-${n}.yaml`, `configmap-${n}.yaml`])}]\n`,
    ...(Object.assign(
      {},
      ...numbers(3).map((n) => ({
        [`base/service-${n}.yaml`]: service(`service-${n}`),
        [`base/deployment-${n}.yaml`]: deployment(`service-${n}`),
        [`base/configmap-${n}.yaml`]: configMap(`service-${n}`),
      })),
    ) as Files),
    'overlay/kustomization.yaml': `resources: [../base]
namespace: shop
namePrefix: prod-
labels: [{pairs: {team: shop}}]
images: [{name: registry.example.org/service-1, newTag: 2.0.0}]
replicas: [{name: service-2, count: 5}]
patches: [{path: patch.yaml}]
configMapGenerator: [{name: extra, literals: [a=b]}]
`,
    'overlay/patch.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-3
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            - {name: MODE, value: production}
`,
  },
  source: (variant) => ({ path: 'overlay', kustomize: { commonAnnotations: { variant: String(variant) } } }),
  command: { tool: 'kustomize', args: ['build', 'overlay'] },
};

const HELPERS = `{{- define "NAME.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "NAME.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
`;
const CHART_DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "NAME.fullname" . }}
  labels: {{- include "NAME.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicaCount }}
  selector:
    matchLabels: {{- include "NAME.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "NAME.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
`;
const CHART_SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: {{ include "NAME.fullname" . }}
  labels: {{- include "NAME.labels" . | nindent 4 }}
spec:
  selector: {{- include "NAME.labels" . | nindent 4 }}
  ports:
  {{- range .Values.ports }}
    - port: {{ . }}
  {{- end }}
`;
const CHART_CONFIG = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "NAME.fullname" . }}
data: {{- toYaml .Values.config | nindent 2 }}
`;
const VALUES = `replicaCount: 2
image: {repository: registry.example.org/web}
ports: [80, 443]
config: {LOG_LEVEL: info, RETRIES: "3"}
resources: {requests: {cpu: 100m, memory: 128Mi}}
`;

function chart(folder: string, name: string): Files {
  const named = (template: string): string => template.replaceAll('NAME', name);
  return {
    [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\nappVersion: 3.1.4\n`,
    [`${folder}/values.yaml`]: VALUES,
    [`${folder}/templates/_helpers.tpl`]: named(HELPERS),
    [`${folder}/templates/deployment.yaml`]: named(CHART_DEPLOYMENT),
    [`${folder}/templates/service.yaml`]: named(CHART_SERVICE),
    [`${folder}/templates/configmap.yaml`]: named(CHART_CONFIG),
  };
}

const template = (folder: string) => ({
  tool: 'helm',
  args: ['template', 'app', folder, '--namespace', 'shop', '--include-crds'],
});
const valuesOf = (variant: number) => ({ valuesObject: { variant: String(variant) } });

const helm: BenchSource = {
  name: 'helm',
  what: 'a chart of 4 templates',
  objects: () => 3,
  files: chart('web', 'web'),
  source: (variant) => ({ path: 'web', helm: valuesOf(variant) }),
  command: template('web'),
};

const dependencies = numbers(SUBCHARTS).map((n) => `- {name: part-${n}, version: 1.0.0}\n`);
const helmUmbrella: BenchSource = {
  name: 'helm-umbrella',
  what: `a chart of ${SUBCHARTS} charts with ${SUBCHARTS * 4} templates`,
  objects: () => SUBCHARTS * 3,
  files: {
    'shop/Chart.yaml': `apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n${dependencies.join('')}`,
    'shop/values.yaml': numbers(SUBCHARTS)
      .map((n) => `part-${n}: {replicaCount: ${n}, image: {tag: 1.${n}.0}}\n`)
      .join(''),
    ...(Object.assign({}, ...numbers(SUBCHARTS).map((n) => chart(`shop/charts/part-${n}`, `part-${n}`))) as Files),
  },
  source: (variant) => ({ path: 'shop', helm: valuesOf(variant) }),
  command: template('shop'),
};

const jsonnet: BenchSource = {
  name: 'jsonnet',
  what: `${SERVICES} services from a library`,
  objects: () => SERVICES * 2,
  files: {
    'lib/service.libsonnet': `{
  new(name, image):: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: name }, spec: { selector: { app: name }, ports: [{ port: 80 }] } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: name },
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'app', image: image }] } } },
    },
  ],
}
`,
    'app/main.jsonnet': `local service = import 'service.libsonnet';
std.flattenArrays([service.new('service-%d' % i, 'registry.example.org/app:%d' % i) for i in std.range(1, ${SERVICES})])
`,
  },
  source: (variant) => ({
    path: 'app',
    directory: { jsonnet: { libs: ['lib'], extVars: [{ name: 'variant', value: String(variant) }] } },
  }),
  command: { tool: 'jsonnet', args: ['--jpath', 'lib', 'app/main.jsonnet'] },
};

export const SOURCES: readonly BenchSource[] = [directory, kustomize, helm, helmUmbrella, jsonnet];
