/** One live resource of an application (N04). */
import { type Static, Type } from 'typebox';
import { flag } from './common.js';
import { ResourceQuerySchema } from './resource-actions.js';

/** The short names, and the media types that Argo CD's own clients send. */
export const ResourcePatchQuerySchema = Type.Object({
  ...ResourceQuerySchema.properties,
  patchType: Type.Optional(Type.String({ description: 'merge, json or strategic, or the media type; default merge.' })),
});

export const ResourceDeleteQuerySchema = Type.Object({
  ...ResourceQuerySchema.properties,
  force: flag(),
  orphan: flag(),
});

/** The live object as JSON text; Secret data is masked. */
export const ResourceManifestSchema = Type.Object({ manifest: Type.String() });

export type ResourcePatchQuery = Static<typeof ResourcePatchQuerySchema>;
export type ResourceDeleteQuery = Static<typeof ResourceDeleteQuerySchema>;
