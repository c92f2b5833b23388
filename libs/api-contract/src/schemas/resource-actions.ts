/** Resource actions (N04, E12-E15): what can be done with one live object of an application. */
import { type Static, Type } from 'typebox';
import { ApplicationScopeSchema, flag, text } from './common.js';

/** Names one live object of the application's tree. */
export const ResourceQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  namespace: text(),
  resourceName: text(),
  version: text(),
  group: text(),
  kind: text(),
});

export const ResourceActionParamSchema = Type.Object({
  name: text(),
  value: text(),
  type: text(),
  default: text(),
});

export const ResourceActionSchema = Type.Object({
  name: text(),
  params: Type.Optional(Type.Array(ResourceActionParamSchema)),
  disabled: flag(),
  iconClass: text(),
  displayName: text(),
});

export const ResourceActionsSchema = Type.Object({ actions: Type.Optional(Type.Array(ResourceActionSchema)) });

const MAX_PARAMETERS = 100;

export const RunResourceActionSchema = Type.Object({
  ...ResourceQuerySchema.properties,
  name: text(),
  action: Type.String({ minLength: 1 }),
  resourceActionParameters: Type.Optional(
    Type.Array(Type.Object({ name: text(), value: text() }), { maxItems: MAX_PARAMETERS }),
  ),
});

export type ResourceQuery = Static<typeof ResourceQuerySchema>;
