/** Settings of argocd-cm that change what a comparison sees (A26, C09-C12, C16, C17, C19, E05). */
import {
  type ComparisonSettings,
  FIELD_MANAGER,
  type KnownTypeField,
  LABELS,
  type ResourceIgnoreDifferences,
  TRACKING_METHODS,
} from '@tiphys/model';
import { type HealthScript, parseHealthScripts, parseIgnoreRules, parseKnownTypeFields } from './customizations.js';
import { createReader, isRecord, type Parsed, type SettingsData, type SettingsReader, splitList } from './reader.js';
import { parseResourceFilter, type ResourceFilter } from './resource-filter.js';

/** What a comparison needs, and what else argocd-cm says about resources. */
export interface ResourceSettings extends ComparisonSettings {
  readonly ignoreDifferencesOnResourceUpdates: boolean;
  readonly resourceFilter: ResourceFilter;
  readonly respectRbac: 'off' | 'normal' | 'strict';
  readonly ignoreResourceUpdatesEnabled: boolean;
  readonly ignoreResourceUpdates: readonly ResourceIgnoreDifferences[];
  readonly healthScripts: readonly HealthScript[];
  readonly knownTypeFields: readonly KnownTypeField[];
  /** Annotations whose values are masked (C15). */
  readonly sensitiveAnnotations: readonly string[];
}

export function parseComparisonSettings(argocdCm: SettingsData): Parsed<ResourceSettings> {
  const reader = createReader(argocdCm);
  const settings: ResourceSettings = {
    trackingMethod: reader.oneOf('application.resourceTrackingMethod', TRACKING_METHODS, 'annotation'),
    instanceLabelKey: reader.text('application.instanceLabelKey') ?? LABELS.instance,
    installationId: reader.text('installationID'),
    fieldManager: FIELD_MANAGER,
    ignoreDifferences: parseIgnoreRules(reader, 'ignoreDifferences'),
    ...compareOptions(reader),
    resourceFilter: parseResourceFilter(reader),
    respectRbac: respectRbac(reader),
    ignoreResourceUpdatesEnabled: reader.flag('resource.ignoreResourceUpdatesEnabled', true),
    ignoreResourceUpdates: parseIgnoreRules(reader, 'ignoreResourceUpdates'),
    healthScripts: parseHealthScripts(reader),
    knownTypeFields: parseKnownTypeFields(reader),
    sensitiveAnnotations: splitList(reader.text('resource.sensitive.mask.annotations') ?? ''),
  };
  return { settings, problems: reader.problems };
}

type CompareOptions = Pick<
  ResourceSettings,
  'ignoreAggregatedRoles' | 'ignoreResourceStatusField' | 'ignoreDifferencesOnResourceUpdates'
>;

function compareOptions(reader: SettingsReader): CompareOptions {
  const key = 'resource.compareoptions';
  const value = reader.yaml(key);
  if (value !== undefined && !isRecord(value)) reader.problem(key, 'must be a YAML object');
  const options = isRecord(value) ? value : {};
  return {
    ignoreAggregatedRoles: options['ignoreAggregatedRoles'] === true,
    ignoreResourceStatusField: statusField(reader, options['ignoreResourceStatusField']),
    ignoreDifferencesOnResourceUpdates: options['ignoreDifferencesOnResourceUpdates'] !== false,
  };
}

/** `off` and `false` are older spellings of `none`. */
function statusField(reader: SettingsReader, value: unknown): 'all' | 'crd' | 'none' {
  if (value === undefined || value === 'all') return 'all';
  if (value === 'crd' || value === 'none') return value;
  if (value === false || value === 'off' || value === 'false') return 'none';
  reader.problem('resource.compareoptions', 'ignoreResourceStatusField must be all, crd or none');
  return 'all';
}

function respectRbac(reader: SettingsReader): 'off' | 'normal' | 'strict' {
  return reader.oneOf('resource.respectRBAC', ['off', 'normal', 'strict'], 'off');
}
