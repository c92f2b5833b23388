/** Secrets in comparisons for people who may not write them: which keys there are, and nothing of the values. */
import type { KubernetesObject } from '@tiphys/model';

type Values = Readonly<Record<string, unknown>>;

/** The target with the live value wherever live has one for the same key: only keys that come or go are differences. */
export function withLiveValues(target: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const { data, stringData, ...rest } = target as KubernetesObject & { data?: Values; stringData?: Values };
  const stored = (live as { data?: Values }).data ?? {};
  const keep = ([key]: readonly [string, unknown]) => key in stored;
  const given = Object.entries(data ?? {});
  const texts = Object.entries(stringData ?? {});
  const known = [...given, ...texts].filter(keep).map(([key]) => [key, stored[key]] as const);
  const newData = { ...Object.fromEntries(given.filter((entry) => !keep(entry))), ...Object.fromEntries(known) };
  const newTexts = Object.fromEntries(texts.filter((entry) => !keep(entry)));
  return {
    ...rest,
    ...(Object.keys(newData).length === 0 ? {} : { data: newData }),
    ...(Object.keys(newTexts).length === 0 ? {} : { stringData: newTexts }),
  };
}
