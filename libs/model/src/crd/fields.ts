/** Short names for the schema pieces that every custom resource repeats. */
import { type Static, Type } from 'typebox';

export const text = () => Type.Optional(Type.String());
export const flag = () => Type.Optional(Type.Boolean());
export const texts = () => Type.Optional(Type.Array(Type.String()));
export const textMap = () => Type.Optional(Type.Record(Type.String(), Type.String()));
export const count = () => Type.Optional(Type.Integer({ format: 'int64' }));

/** Any JSON value, kept as it is by the API server. */
export const anyValue = <T = unknown>() => Type.Unsafe<T>({ 'x-kubernetes-preserve-unknown-fields': true });

/** `metav1.LabelSelector`. */
export const LabelSelectorSchema = Type.Object(
  {
    matchLabels: textMap(),
    matchExpressions: Type.Optional(
      Type.Array(Type.Object({ key: Type.String(), operator: Type.String(), values: texts() })),
    ),
  },
  { 'x-kubernetes-map-type': 'atomic' },
);

export type LabelSelector = Static<typeof LabelSelectorSchema>;
