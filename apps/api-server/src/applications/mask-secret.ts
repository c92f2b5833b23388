/** Secret values never leave the API server (S21): equal values of one Secret stay equal, their lengths are not shown. */
import { ANNOTATIONS, groupOf, type KubernetesObject } from '@tiphys/model';

const MASK = '++++++++';

/** The object as users may see it. */
export function maskSecret(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret' || groupOf(object.apiVersion) !== '') return object;
  const { data, stringData, metadata } = object;
  const { [ANNOTATIONS.lastApplied]: lastApplied, ...annotations } = metadata.annotations ?? {};
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(metadata.annotations === undefined ? {} : { annotations }),
      ...(lastApplied === undefined ? {} : { annotations: { ...annotations, [ANNOTATIONS.lastApplied]: MASK } }),
    },
    ...(data === undefined ? {} : { data: masked(data) }),
    ...(stringData === undefined ? {} : { stringData: masked(stringData) }),
  };
}

function masked(values: unknown): Readonly<Record<string, string>> {
  if (typeof values !== 'object' || values === null) return {};
  const kinds = [...new Set(Object.values(values).map(String))];
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, MASK + '+'.repeat(kinds.indexOf(String(value)))]),
  );
}
