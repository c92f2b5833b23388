/** Pieces that many routes share: query parameters (N17), the error body, Kubernetes metadata. */
import { type Static, Type } from 'typebox';

export const text = () => Type.Optional(Type.String());
export const flag = () => Type.Optional(Type.Boolean());
/** `a=1&a=2` or a single `a=1`. */
export const texts = () => Type.Optional(Type.Union([Type.Array(Type.String()), Type.String()]));
/** 64-bit integers travel as numbers or, from protobuf's JSON, as strings. */
export const int64 = () => Type.Union([Type.Integer(), Type.String({ pattern: '^-?[0-9]+$' })]);

/** Every failed request answers with this (grpc-gateway's shape); `code` is a google.rpc.Code, `error` equals `message`. */
export const ErrorBodySchema = Type.Object({ error: Type.String(), code: Type.Integer(), message: Type.String() });

export const EmptySchema = Type.Object({});

export const ApplicationParamsSchema = Type.Object({
  name: Type.String({ minLength: 1, description: "The application's name." }),
});

/** `appNamespace` and `project` address an application outside the control-plane namespace and turn 403 into 404 (N21). */
export const ApplicationScopeSchema = Type.Object({
  appNamespace: Type.Optional(
    Type.String({ description: "The application's namespace; default the control plane's." }),
  ),
  project: Type.Optional(Type.String({ description: 'The project that the application must belong to.' })),
});

/** Object metadata: the fields that are read; all others pass through. */
export const ObjectMetaSchema = Type.Object({
  name: text(),
  namespace: text(),
  resourceVersion: text(),
  uid: text(),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  finalizers: Type.Optional(Type.Array(Type.String())),
});

export const ListMetaSchema = Type.Object({ resourceVersion: text(), continue: text() });

export type ErrorBody = Static<typeof ErrorBodySchema>;
export type ApplicationScope = Static<typeof ApplicationScopeSchema>;

/** A repeated query parameter as a list, whichever way it came. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined || value === '') return [];
  return typeof value === 'string' ? [value] : value;
}
