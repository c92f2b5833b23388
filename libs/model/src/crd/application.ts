/** The Application custom resource (A01-A42): schema, type and status shapes. The CRD is generated from it. */
import { type Static, Type } from 'typebox';
import type { CONDITION_TYPES } from '../codes.js';
import { HEALTH_STATUS_CODES, SYNC_STATUS_CODES } from '../codes.js';
import type { ObjectMeta } from '../kubernetes/object.js';
import type { API_VERSION } from '../names.js';
import { flag, text, texts } from './fields.js';
import type { OperationSchema } from './operation.js';
import {
  InfoSchema,
  ManagedNamespaceMetadataSchema,
  OperationInitiatorSchema,
  OperationStateSchema,
  oneOf,
  RetryStrategySchema,
  TimeSchema,
} from './operation.js';
import {
  ApplicationSourceSchema,
  DirectorySourceSchema,
  HelmSourceSchema,
  KustomizeSourceSchema,
  PluginSourceSchema,
} from './source.js';

export const ApplicationDestinationSchema = Type.Object({ server: text(), namespace: text(), name: text() });

export const ResourceIgnoreDifferencesSchema = Type.Object({
  group: text(),
  kind: Type.String(),
  name: text(),
  namespace: text(),
  jsonPointers: texts(),
  jqPathExpressions: texts(),
  managedFieldsManagers: texts(),
});

export const SyncPolicySchema = Type.Object({
  automated: Type.Optional(Type.Object({ prune: flag(), selfHeal: flag(), allowEmpty: flag(), enabled: flag() })),
  syncOptions: texts(),
  retry: Type.Optional(RetryStrategySchema),
  managedNamespaceMetadata: Type.Optional(ManagedNamespaceMetadataSchema),
});

export const SourceHydratorSchema = Type.Object({
  drySource: Type.Object({
    repoURL: Type.String(),
    targetRevision: Type.String(),
    path: Type.String(),
    helm: Type.Optional(HelmSourceSchema),
    kustomize: Type.Optional(KustomizeSourceSchema),
    directory: Type.Optional(DirectorySourceSchema),
    plugin: Type.Optional(PluginSourceSchema),
  }),
  syncSource: Type.Object({ repoURL: text(), targetBranch: Type.String(), path: Type.String() }),
  hydrateTo: Type.Optional(Type.Object({ targetBranch: Type.String() })),
});

export const ApplicationSpecSchema = Type.Object({
  source: Type.Optional(ApplicationSourceSchema),
  sources: Type.Optional(Type.Array(ApplicationSourceSchema)),
  sourceHydrator: Type.Optional(SourceHydratorSchema),
  destination: ApplicationDestinationSchema,
  project: Type.String(),
  syncPolicy: Type.Optional(SyncPolicySchema),
  ignoreDifferences: Type.Optional(Type.Array(ResourceIgnoreDifferencesSchema)),
  info: Type.Optional(Type.Array(InfoSchema)),
  revisionHistoryLimit: Type.Optional(Type.Integer({ format: 'int64' })),
});

export const HealthStatusSchema = Type.Object({
  status: Type.Optional(oneOf(HEALTH_STATUS_CODES)),
  message: text(),
  lastTransitionTime: Type.Optional(TimeSchema),
});

export const ResourceStatusSchema = Type.Object({
  group: text(),
  version: text(),
  kind: text(),
  namespace: text(),
  name: text(),
  status: Type.Optional(oneOf(SYNC_STATUS_CODES)),
  health: Type.Optional(HealthStatusSchema),
  hook: flag(),
  requiresPruning: flag(),
  requiresDeletionConfirmation: flag(),
  syncWave: Type.Optional(Type.Integer({ format: 'int64' })),
});

export const ComparedToSchema = Type.Object({
  source: Type.Optional(ApplicationSourceSchema),
  sources: Type.Optional(Type.Array(ApplicationSourceSchema)),
  destination: ApplicationDestinationSchema,
  ignoreDifferences: Type.Optional(Type.Array(ResourceIgnoreDifferencesSchema)),
});

export const SyncStatusSchema = Type.Object({
  status: oneOf(SYNC_STATUS_CODES),
  comparedTo: Type.Optional(ComparedToSchema),
  revision: text(),
  revisions: texts(),
});

export const RevisionHistorySchema = Type.Object({
  id: Type.Integer({ format: 'int64' }),
  revision: text(),
  revisions: texts(),
  source: Type.Optional(ApplicationSourceSchema),
  sources: Type.Optional(Type.Array(ApplicationSourceSchema)),
  deployedAt: TimeSchema,
  deployStartedAt: Type.Optional(TimeSchema),
  initiatedBy: Type.Optional(OperationInitiatorSchema),
});

export const ApplicationConditionSchema = Type.Object({
  type: Type.Unsafe<(typeof CONDITION_TYPES)[number]>({ type: 'string' }),
  message: Type.String(),
  lastTransitionTime: Type.Optional(TimeSchema),
});

export const ApplicationSummarySchema = Type.Object({ externalURLs: texts(), images: texts(), isAppOfApps: flag() });

const HydrateOperationSchema = Type.Object({
  drySHA: text(),
  hydratedSHA: text(),
  startedAt: Type.Optional(TimeSchema),
  finishedAt: Type.Optional(TimeSchema),
  phase: text(),
  message: text(),
  sourceHydrator: Type.Optional(SourceHydratorSchema),
});

export const ApplicationStatusSchema = Type.Object({
  resources: Type.Optional(Type.Array(ResourceStatusSchema)),
  sync: Type.Optional(SyncStatusSchema),
  health: Type.Optional(HealthStatusSchema),
  history: Type.Optional(Type.Array(RevisionHistorySchema)),
  conditions: Type.Optional(Type.Array(ApplicationConditionSchema)),
  reconciledAt: Type.Optional(TimeSchema),
  operationState: Type.Optional(OperationStateSchema),
  observedAt: Type.Optional(TimeSchema),
  sourceType: text(),
  sourceTypes: texts(),
  summary: Type.Optional(ApplicationSummarySchema),
  resourceHealthSource: text(),
  controllerNamespace: text(),
  sourceHydrator: Type.Optional(
    Type.Object({
      lastSuccessfulOperation: Type.Optional(HydrateOperationSchema),
      currentOperation: Type.Optional(HydrateOperationSchema),
    }),
  ),
});

export type ApplicationDestination = Static<typeof ApplicationDestinationSchema>;
export type ResourceIgnoreDifferences = Static<typeof ResourceIgnoreDifferencesSchema>;
export type SyncPolicy = Static<typeof SyncPolicySchema>;
export type ApplicationSpec = Static<typeof ApplicationSpecSchema>;
export type HealthStatus = Static<typeof HealthStatusSchema>;
export type ResourceStatus = Static<typeof ResourceStatusSchema>;
export type SyncStatus = Static<typeof SyncStatusSchema>;
export type RevisionHistory = Static<typeof RevisionHistorySchema>;
export type ApplicationCondition = Static<typeof ApplicationConditionSchema>;
export type ApplicationSummary = Static<typeof ApplicationSummarySchema>;
export type ApplicationStatus = Static<typeof ApplicationStatusSchema>;

export interface Application {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Application';
  readonly metadata: ObjectMeta;
  readonly spec: ApplicationSpec;
  readonly operation?: Static<typeof OperationSchema>;
  readonly status?: ApplicationStatus;
}
