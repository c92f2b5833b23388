/** `operation` and `status.operationState` (A16, A17, A20). */
import { type Static, Type } from 'typebox';
import { HOOK_TYPES, OPERATION_PHASES, RESULT_CODES, SYNC_PHASES } from '../codes.js';
import { count, flag, text } from './fields.js';
import { ApplicationSourceSchema } from './source.js';

export const TimeSchema = Type.String({ format: 'date-time' });
export const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });

export const RetryStrategySchema = Type.Object({
  limit: count(),
  refresh: flag(),
  backoff: Type.Optional(Type.Object({ duration: text(), factor: count(), maxDuration: text() })),
});

export const SyncResourceSelectorSchema = Type.Object({
  group: text(),
  kind: Type.String(),
  name: Type.String(),
  namespace: text(),
  exclude: flag(),
});

export const SyncStrategySchema = Type.Object({
  apply: Type.Optional(Type.Object({ force: flag() })),
  hook: Type.Optional(Type.Object({ force: flag() })),
});

export const SyncOperationSchema = Type.Object({
  revision: text(),
  revisions: Type.Optional(Type.Array(Type.String())),
  prune: flag(),
  dryRun: flag(),
  syncStrategy: Type.Optional(SyncStrategySchema),
  resources: Type.Optional(Type.Array(SyncResourceSelectorSchema)),
  source: Type.Optional(ApplicationSourceSchema),
  sources: Type.Optional(Type.Array(ApplicationSourceSchema)),
  manifests: Type.Optional(Type.Array(Type.String())),
  syncOptions: Type.Optional(Type.Array(Type.String())),
  autoHealAttemptsCount: count(),
});

export const OperationInitiatorSchema = Type.Object({ username: text(), automated: flag() });
export const InfoSchema = Type.Object({ name: Type.String(), value: Type.String() });

export const OperationSchema = Type.Object({
  sync: Type.Optional(SyncOperationSchema),
  initiatedBy: Type.Optional(OperationInitiatorSchema),
  info: Type.Optional(Type.Array(InfoSchema)),
  retry: Type.Optional(RetryStrategySchema),
});

export const ResourceSyncResultSchema = Type.Object({
  group: Type.String(),
  version: Type.String(),
  kind: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  status: Type.Optional(oneOf(RESULT_CODES)),
  message: text(),
  hookType: Type.Optional(oneOf(HOOK_TYPES)),
  hookPhase: Type.Optional(oneOf(OPERATION_PHASES)),
  syncPhase: Type.Optional(oneOf(SYNC_PHASES)),
  images: Type.Optional(Type.Array(Type.String())),
});

export const ManagedNamespaceMetadataSchema = Type.Object({
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
});

export const SyncOperationResultSchema = Type.Object({
  resources: Type.Optional(Type.Array(ResourceSyncResultSchema)),
  revision: Type.String(),
  revisions: Type.Optional(Type.Array(Type.String())),
  source: Type.Optional(ApplicationSourceSchema),
  sources: Type.Optional(Type.Array(ApplicationSourceSchema)),
  managedNamespaceMetadata: Type.Optional(ManagedNamespaceMetadataSchema),
});

export const OperationStateSchema = Type.Object({
  operation: OperationSchema,
  phase: oneOf(OPERATION_PHASES),
  message: text(),
  syncResult: Type.Optional(SyncOperationResultSchema),
  startedAt: TimeSchema,
  finishedAt: Type.Optional(TimeSchema),
  retryCount: count(),
});

export type RetryStrategy = Static<typeof RetryStrategySchema>;
export type SyncResourceSelector = Static<typeof SyncResourceSelectorSchema>;
export type SyncOperation = Static<typeof SyncOperationSchema>;
export type Operation = Static<typeof OperationSchema>;
export type ResourceSyncResult = Static<typeof ResourceSyncResultSchema>;
export type SyncOperationResult = Static<typeof SyncOperationResultSchema>;
export type OperationState = Static<typeof OperationStateSchema>;
