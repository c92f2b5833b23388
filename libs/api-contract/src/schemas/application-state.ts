/** What an application looks like in the cluster and in Git (N02-N04): tree, managed resources, manifests, windows, events. */
import { HealthStatusSchema } from '@tiphys/model/schemas';
import { type Static, Type } from 'typebox';
import { ApplicationScopeSchema, flag, ListMetaSchema, text, texts } from './common.js';

const ResourceRefSchema = Type.Object({
  group: text(),
  version: text(),
  kind: text(),
  namespace: text(),
  name: text(),
  uid: text(),
});

export const ResourceNodeSchema = Type.Object({
  ...ResourceRefSchema.properties,
  parentRefs: Type.Optional(Type.Array(ResourceRefSchema)),
  info: Type.Optional(Type.Array(Type.Object({ name: text(), value: text() }))),
  networkingInfo: Type.Optional(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' })),
  resourceVersion: text(),
  images: Type.Optional(Type.Array(Type.String())),
  health: Type.Optional(HealthStatusSchema),
  createdAt: text(),
});

export const ApplicationTreeSchema = Type.Object({
  nodes: Type.Optional(Type.Array(ResourceNodeSchema)),
  orphanedNodes: Type.Optional(Type.Array(ResourceNodeSchema)),
  hosts: Type.Optional(Type.Array(Type.Unknown())),
  shardsCount: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
});

/** One managed resource with its target, live and compared states as JSON texts (Argo CD's ResourceDiff). */
export const ManagedResourceViewSchema = Type.Object({
  group: text(),
  kind: text(),
  namespace: text(),
  name: text(),
  targetState: text(),
  liveState: text(),
  diff: text(),
  hook: flag(),
  normalizedLiveState: text(),
  predictedLiveState: text(),
  resourceVersion: text(),
  modified: flag(),
});

export const ManagedResourcesSchema = Type.Object({ items: Type.Array(ManagedResourceViewSchema) });

export const ServerSideDiffQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  targetManifests: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.String()], { description: 'One object as JSON each.' }),
  ),
});

/** In the order of `targetManifests`: what is live, and what an apply of the manifest would make of it. */
export const ServerSideDiffResponseSchema = Type.Object({
  items: Type.Array(ManagedResourceViewSchema),
  modified: Type.Boolean({ description: 'Whether any of them would change.' }),
});

export const ResourceFilterQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  namespace: text(),
  name: text(),
  version: text(),
  group: text(),
  kind: text(),
  fields: text(),
});

export const ManifestsQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  revision: text(),
  sourcePositions: texts(),
  revisions: texts(),
  noCache: flag(),
});

export const ManifestsResponseSchema = Type.Object({
  manifests: Type.Array(Type.String({ description: 'One object as JSON; Secret values are masked.' })),
  namespace: text(),
  server: text(),
  revision: text(),
  sourceType: text(),
  commands: Type.Optional(Type.Array(Type.String())),
});

export const ManifestsWithFilesPartSchema = Type.Object({
  /** In the first line: which application, and the SHA-256 (hex) of the archive. */
  query: Type.Optional(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      checksum: Type.String(),
      appNamespace: text(),
      project: text(),
    }),
  ),
  /** In every other: a piece of a gzipped tar archive, base64. Its root is that of the repository. */
  chunk: Type.Optional(Type.Object({ chunk: Type.String() })),
});
export const ManifestsWithFilesBodySchema = Type.Array(ManifestsWithFilesPartSchema, { minItems: 1 });

export const RevisionMetadataQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  sourceIndex: Type.Optional(Type.Integer()),
  versionId: Type.Optional(Type.Integer()),
});

export const RevisionMetadataSchema = Type.Object({
  author: text(),
  date: text(),
  tags: Type.Optional(Type.Array(Type.String())),
  message: text(),
  signatureInfo: text(),
});

const SyncWindowSchema = Type.Object({ kind: text(), schedule: text(), duration: text(), manualSync: flag() });

export const SyncWindowsResponseSchema = Type.Object({
  activeWindows: Type.Optional(Type.Array(SyncWindowSchema)),
  assignedWindows: Type.Optional(Type.Array(SyncWindowSchema)),
  canSync: Type.Boolean(),
});

export const EventsQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  resourceNamespace: text(),
  resourceName: text(),
  resourceUID: text(),
});

/** core/v1 EventList. */
export const EventListSchema = Type.Object({
  metadata: ListMetaSchema,
  items: Type.Array(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' })),
});

export type ApplicationTreeBody = Static<typeof ApplicationTreeSchema>;
export type ManagedResourceView = Static<typeof ManagedResourceViewSchema>;
export type ResourceFilterQuery = Static<typeof ResourceFilterQuerySchema>;
export type ManifestsWithFilesBody = Static<typeof ManifestsWithFilesBodySchema>;
export type ManifestsResponse = Static<typeof ManifestsResponseSchema>;
/** Argo CD's ChartDetails. */
export const ChartDetailsSchema = Type.Object({
  description: text(),
  home: text(),
  maintainers: Type.Optional(Type.Array(Type.String())),
});
/** Argo CD's OCIMetadata. */
export const OciMetadataSchema = Type.Object({
  createdAt: text(),
  authors: text(),
  imageUrl: text(),
  docsUrl: text(),
  sourceUrl: text(),
  version: text(),
  description: text(),
});
export type ChartDetails = Static<typeof ChartDetailsSchema>;
export type OciMetadata = Static<typeof OciMetadataSchema>;
export type RevisionMetadata = Static<typeof RevisionMetadataSchema>;
export type SyncWindowsResponse = Static<typeof SyncWindowsResponseSchema>;
