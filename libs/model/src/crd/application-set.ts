/** The ApplicationSet custom resource (I01-I36): generators, template, strategy, policies and status. */
import { type Static, Type } from 'typebox';
import type { ObjectMeta } from '../kubernetes/object.js';
import type { API_VERSION } from '../names.js';
import { ApplicationSpecSchema, HealthStatusSchema, ResourceStatusSchema } from './application.js';
import { pullRequestProviders, scmProviders } from './application-set-providers.js';
import { anyValue, count, flag, LabelSelectorSchema, text, textMap, texts } from './fields.js';
import { oneOf, TimeSchema } from './operation.js';
import { IntOrStringSchema } from './source.js';

export const ApplicationSetTemplateSchema = Type.Object({
  metadata: Type.Object({
    name: text(),
    namespace: text(),
    labels: textMap(),
    annotations: textMap(),
    finalizers: texts(),
  }),
  spec: ApplicationSpecSchema,
});

const template = () => Type.Optional(ApplicationSetTemplateSchema);

export const ListGeneratorSchema = Type.Object({
  elements: Type.Optional(Type.Array(anyValue<Readonly<Record<string, unknown>>>())),
  elementsYaml: text(),
  template: template(),
});

export const ClusterGeneratorSchema = Type.Object({
  selector: Type.Optional(LabelSelectorSchema),
  values: textMap(),
  flatList: flag(),
  template: template(),
});

export const GitGeneratorSchema = Type.Object({
  repoURL: Type.String(),
  revision: Type.String(),
  directories: Type.Optional(Type.Array(Type.Object({ path: Type.String(), exclude: flag() }))),
  files: Type.Optional(Type.Array(Type.Object({ path: Type.String(), exclude: flag() }))),
  requeueAfterSeconds: count(),
  pathParamPrefix: text(),
  values: textMap(),
  template: template(),
});

export const ScmProviderGeneratorSchema = Type.Object({ ...scmProviders, template: template() });
export const PullRequestGeneratorSchema = Type.Object({ ...pullRequestProviders, template: template() });

export const ClusterDecisionGeneratorSchema = Type.Object({
  configMapRef: Type.String(),
  name: text(),
  labelSelector: Type.Optional(LabelSelectorSchema),
  requeueAfterSeconds: count(),
  values: textMap(),
  template: template(),
});

export const PluginGeneratorSchema = Type.Object({
  configMapRef: Type.Object({ name: Type.String() }),
  input: Type.Optional(Type.Object({ parameters: Type.Optional(Type.Record(Type.String(), anyValue())) })),
  requeueAfterSeconds: count(),
  values: textMap(),
  template: template(),
});

const leafGenerators = {
  list: Type.Optional(ListGeneratorSchema),
  clusters: Type.Optional(ClusterGeneratorSchema),
  git: Type.Optional(GitGeneratorSchema),
  scmProvider: Type.Optional(ScmProviderGeneratorSchema),
  pullRequest: Type.Optional(PullRequestGeneratorSchema),
  clusterDecisionResource: Type.Optional(ClusterDecisionGeneratorSchema),
  plugin: Type.Optional(PluginGeneratorSchema),
  selector: Type.Optional(LabelSelectorSchema),
};

/** A generator at the deepest level (I09): no matrix, no merge. Level 3 is not in the CRD, as in Argo CD. */
export const TerminalGeneratorSchema = Type.Object(leafGenerators);
export type TerminalGenerator = Static<typeof TerminalGeneratorSchema>;

export interface NestedMatrixGenerator {
  readonly generators: readonly TerminalGenerator[];
}
export interface NestedMergeGenerator extends NestedMatrixGenerator {
  readonly mergeKeys: readonly string[];
}

/** A generator inside `matrix` or `merge`; its own `matrix`/`merge` are free JSON for the API server. */
export const NestedGeneratorSchema = Type.Object({
  ...leafGenerators,
  matrix: Type.Optional(anyValue<NestedMatrixGenerator>()),
  merge: Type.Optional(anyValue<NestedMergeGenerator>()),
});

export const MatrixGeneratorSchema = Type.Object({
  generators: Type.Array(NestedGeneratorSchema),
  template: template(),
});

export const MergeGeneratorSchema = Type.Object({
  generators: Type.Array(NestedGeneratorSchema),
  mergeKeys: Type.Array(Type.String()),
  template: template(),
});

export const ApplicationSetGeneratorSchema = Type.Object({
  ...leafGenerators,
  matrix: Type.Optional(MatrixGeneratorSchema),
  merge: Type.Optional(MergeGeneratorSchema),
});

/** `applicationsSync` (I24): what the controller may do with applications that exist already. */
export const APPLICATIONS_SYNC_POLICIES = ['create-only', 'create-update', 'create-delete', 'sync'] as const;

export const ApplicationSetStrategySchema = Type.Object({
  type: text(),
  deletionOrder: text(),
  rollingSync: Type.Optional(
    Type.Object({
      steps: Type.Optional(
        Type.Array(
          Type.Object({
            matchExpressions: Type.Optional(
              Type.Array(Type.Object({ key: text(), operator: text(), values: texts() })),
            ),
            maxUpdate: Type.Optional(IntOrStringSchema),
          }),
        ),
      ),
    }),
  ),
});

export const ApplicationSetSpecSchema = Type.Object({
  goTemplate: flag(),
  goTemplateOptions: texts(),
  generators: Type.Array(ApplicationSetGeneratorSchema),
  template: ApplicationSetTemplateSchema,
  templatePatch: text(),
  syncPolicy: Type.Optional(
    Type.Object({
      preserveResourcesOnDeletion: flag(),
      applicationsSync: Type.Optional(oneOf(APPLICATIONS_SYNC_POLICIES)),
    }),
  ),
  strategy: Type.Optional(ApplicationSetStrategySchema),
  preservedFields: Type.Optional(Type.Object({ annotations: texts(), labels: texts() })),
  applyNestedSelectors: flag(),
  ignoreApplicationDifferences: Type.Optional(
    Type.Array(Type.Object({ name: text(), jsonPointers: texts(), jqPathExpressions: texts() })),
  ),
});

export const ApplicationSetConditionSchema = Type.Object({
  type: Type.String(),
  status: Type.String(),
  reason: Type.String(),
  message: Type.String(),
  lastTransitionTime: Type.Optional(TimeSchema),
});

export const ApplicationSetApplicationStatusSchema = Type.Object({
  application: Type.String(),
  status: Type.String(),
  message: Type.String(),
  step: Type.String(),
  targetRevisions: texts(),
  lastTransitionTime: Type.Optional(TimeSchema),
});

export const ApplicationSetStatusSchema = Type.Object({
  conditions: Type.Optional(Type.Array(ApplicationSetConditionSchema)),
  applicationStatus: Type.Optional(Type.Array(ApplicationSetApplicationStatusSchema)),
  resources: Type.Optional(Type.Array(ResourceStatusSchema)),
  resourcesCount: count(),
  health: Type.Optional(HealthStatusSchema),
});

export type ApplicationSetTemplate = Static<typeof ApplicationSetTemplateSchema>;
export type ApplicationSetGenerator = Static<typeof ApplicationSetGeneratorSchema>;
export type NestedGenerator = Static<typeof NestedGeneratorSchema>;
export type ApplicationSetSpec = Static<typeof ApplicationSetSpecSchema>;
export type ApplicationSetCondition = Static<typeof ApplicationSetConditionSchema>;
export type ApplicationSetStatus = Static<typeof ApplicationSetStatusSchema>;

export interface ApplicationSet {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'ApplicationSet';
  readonly metadata: ObjectMeta;
  readonly spec: ApplicationSetSpec;
  readonly status?: ApplicationSetStatus;
}
