/** `spec.source` and its tool options (A03-A09, B04-B33): the part shared by Application, history and operations. */
import { type Static, Type } from 'typebox';
import { flag, text, textMap, texts } from './fields.js';

/** An arbitrary JSON object: kept whole, also by the API server. */
export const AnyObjectSchema = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
});
/** A value that may be an integer or a string (`count: 3`, `count: "3"`). */
export const IntOrStringSchema = Type.Unsafe<number | string>({
  'x-kubernetes-int-or-string': true,
  anyOf: [{ type: 'integer' }, { type: 'string' }],
});

export const HelmParameterSchema = Type.Object({ name: text(), value: text(), forceString: flag() });
export const HelmFileParameterSchema = Type.Object({ name: text(), path: text() });

export const HelmSourceSchema = Type.Object({
  valueFiles: texts(),
  parameters: Type.Optional(Type.Array(HelmParameterSchema)),
  releaseName: text(),
  values: text(),
  fileParameters: Type.Optional(Type.Array(HelmFileParameterSchema)),
  version: text(),
  passCredentials: flag(),
  ignoreMissingValueFiles: flag(),
  skipCrds: flag(),
  skipTests: flag(),
  skipSchemaValidation: flag(),
  valuesObject: Type.Optional(AnyObjectSchema),
  namespace: text(),
  kubeVersion: text(),
  apiVersions: texts(),
});

export const KustomizePatchSchema = Type.Object({
  path: text(),
  patch: text(),
  target: Type.Optional(
    Type.Object({
      group: text(),
      version: text(),
      kind: text(),
      name: text(),
      namespace: text(),
      annotationSelector: text(),
      labelSelector: text(),
    }),
  ),
  options: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
});

export const KustomizeSourceSchema = Type.Object({
  namePrefix: text(),
  nameSuffix: text(),
  images: texts(),
  commonLabels: textMap(),
  version: text(),
  commonAnnotations: textMap(),
  forceCommonLabels: flag(),
  forceCommonAnnotations: flag(),
  namespace: text(),
  commonAnnotationsEnvsubst: flag(),
  replicas: Type.Optional(Type.Array(Type.Object({ name: Type.String(), count: IntOrStringSchema }))),
  patches: Type.Optional(Type.Array(KustomizePatchSchema)),
  components: texts(),
  ignoreMissingComponents: flag(),
  labelWithoutSelector: flag(),
  labelIncludeTemplates: flag(),
  kubeVersion: text(),
  apiVersions: texts(),
});

const JsonnetVarSchema = Type.Object({ name: Type.String(), value: Type.String(), code: flag() });

export const DirectorySourceSchema = Type.Object({
  recurse: flag(),
  jsonnet: Type.Optional(
    Type.Object({
      extVars: Type.Optional(Type.Array(JsonnetVarSchema)),
      tlas: Type.Optional(Type.Array(JsonnetVarSchema)),
      libs: texts(),
    }),
  ),
  exclude: text(),
  include: text(),
  disableExtensionFilter: flag(),
});

export const EnvEntrySchema = Type.Object({ name: Type.String(), value: Type.String() });

export const PluginSourceSchema = Type.Object({
  name: text(),
  env: Type.Optional(Type.Array(EnvEntrySchema)),
  parameters: Type.Optional(Type.Array(Type.Object({ name: text(), string: text(), map: textMap(), array: texts() }))),
});

export const ApplicationSourceSchema = Type.Object({
  repoURL: Type.String({ description: 'URL of the Git repository, Helm repository or OCI artefact.' }),
  path: Type.Optional(Type.String({ description: 'Folder inside the Git repository.' })),
  targetRevision: Type.Optional(
    Type.String({ description: 'Branch, tag, commit SHA, HEAD, or a semver range on tags; for charts a version.' }),
  ),
  helm: Type.Optional(HelmSourceSchema),
  kustomize: Type.Optional(KustomizeSourceSchema),
  directory: Type.Optional(DirectorySourceSchema),
  plugin: Type.Optional(PluginSourceSchema),
  chart: text(),
  ref: text(),
  name: text(),
  tagPrefix: text(),
});

export type HelmSource = Static<typeof HelmSourceSchema>;
export type KustomizeSource = Static<typeof KustomizeSourceSchema>;
export type DirectorySource = Static<typeof DirectorySourceSchema>;
export type PluginSource = Static<typeof PluginSourceSchema>;
export type ApplicationSource = Static<typeof ApplicationSourceSchema>;
