/** Updates of live objects that no comparison needs to hear of (C19, `resource.customizations.ignoreResourceUpdates.*`). */
import type { JsonObject, KubernetesObject } from '@tiphys/model';
import { asJson, isJsonObject, jsonEqual } from '../diff/json.js';
import { type IgnoreRules, ignoredFieldsOf } from './ignore-differences.js';
import { removePath } from './paths.js';
import { trustedFields, withoutOwned } from './trusted-managers.js';

/**
 * True when nothing but ignored fields changed. Without a rule for the object every update counts. Health is the caller's
 * to compare: an update that changes it is never ignored.
 */
export function isIgnoredUpdate(previous: KubernetesObject, current: KubernetesObject, rules: IgnoreRules): boolean {
  const { paths, managers } = ignoredFieldsOf(current, rules);
  if (paths.length === 0 && managers.length === 0) return false;
  const stripped = (object: KubernetesObject): JsonObject => {
    const kept = paths.reduce(removePath, withoutBookkeeping(asJson(object)));
    return trustedFields(object, managers).reduce(withoutOwned, kept);
  };
  return jsonEqual(stripped(previous), stripped(current));
}

/** Changes with every write, whatever is written. */
function withoutBookkeeping(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata)) return object;
  const { resourceVersion: _version, managedFields: _fields, generation: _generation, ...kept } = metadata;
  return { ...object, metadata: kept };
}
