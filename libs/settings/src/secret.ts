/** Kubernetes Secrets as the parsers take them, and `$key` references into them (F28). */
import { decodeBase64Text, type KubernetesObject } from '@tiphys/model';
import { isRecord, type SettingsData } from './reader.js';

export interface SecretRecord {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Decoded; entries whose bytes are not UTF-8 text are left out. */
  readonly data: SettingsData;
}

/** Decodes `data` (base64) and lays `stringData` over it, as the API server does. */
export function toSecretRecord(object: KubernetesObject): SecretRecord {
  const { name = '', namespace = '', labels = {}, annotations = {} } = object.metadata;
  return { name, namespace, labels, annotations, data: decodeSecretData(object) };
}

export function decodeSecretData(object: KubernetesObject): SettingsData {
  const decoded = Object.entries(textEntries(object['data'])).flatMap(([key, value]) => {
    const text = decodeBase64Text(value);
    return text === undefined ? [] : [[key, text] as const];
  });
  return { ...Object.fromEntries(decoded), ...textEntries(object['stringData']) };
}

/** `data` of a ConfigMap; other shapes read as empty. */
export function configMapData(object: KubernetesObject | undefined): SettingsData {
  return textEntries(object?.['data']);
}

function textEntries(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Where `$…` references look: argocd-secret, and Secrets labelled `app.kubernetes.io/part-of: argocd` by name. */
export interface SecretSources {
  readonly argocdSecret: SettingsData;
  readonly others?: Readonly<Record<string, SettingsData>>;
}

/**
 * `$key` → argocd-secret, `$secret:key` → another Secret; any other text stays. A reference without a target also
 * stays as it is, so that it can be reported, never read as an empty secret.
 */
export function resolveSecretReference(value: string, sources: SecretSources): string {
  if (!value.startsWith('$')) return value;
  const reference = value.slice(1);
  const inArgocdSecret = sources.argocdSecret[reference];
  if (inArgocdSecret !== undefined) return inArgocdSecret.trim();
  const colon = reference.indexOf(':');
  if (colon < 0) return value;
  return sources.others?.[reference.slice(0, colon)]?.[reference.slice(colon + 1)]?.trim() ?? value;
}
