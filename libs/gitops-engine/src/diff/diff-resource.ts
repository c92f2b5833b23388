/** The three-way diff of one resource (design 7): target, live, and what we own of live. */
import {
  type ComparisonSettings,
  groupOf,
  type JsonObject,
  type KubernetesObject,
  type ResourceIgnoreDifferences,
} from '@tiphys/model';
import type { DiffResult, DiffVerdict, FieldDifference, PredictedLive } from '../compare/types.js';
import { compileIgnoreDifferences, type IgnoreRules, ignoredFieldsOf } from '../normalize/ignore-differences.js';
import { type NormalizationRules, normalize } from '../normalize/normalize.js';
import { trustedFields } from '../normalize/trusted-managers.js';
import { attributeDrift } from './attribution.js';
import { findPredictedDifferences } from './compare-predicted.js';
import { findDifferences } from './compare-values.js';
import { asJson, asKubernetesObject } from './json.js';
import { isBuiltInGroup } from './known-types.js';
import { overlayTarget } from './overlay.js';
import { isOurApply, type Ownership, ownershipOf, withStringDataAsData } from './ownership.js';
import type { Finding } from './walk.js';

export interface DiffOptions {
  readonly settings: Pick<
    ComparisonSettings,
    'fieldManager' | 'ignoreDifferences' | 'ignoreResourceStatusField' | 'ignoreAggregatedRoles' | 'knownTypeFields'
  >;
  /** The application's own rules; the system's come with the settings. */
  readonly ignoreDifferences: readonly ResourceIgnoreDifferences[];
  /** The same rules compiled once, for many resources. */
  readonly ignoreRules?: IgnoreRules;
  /** Answer of a dry-run apply of this target on this live object; it decides what the in-process diff could not. */
  readonly predicted?: PredictedLive;
  /** `ServerSideDiff=true` (C03): the dry run decides everything. */
  readonly alwaysAsk?: boolean;
  /** `IncludeMutationWebhook=true` (C04). */
  readonly keepWebhookChanges?: boolean;
}

const NOTHING: Pick<DiffResult, 'differences' | 'unsureBecause' | 'drift'> = {
  differences: [],
  unsureBecause: [],
  drift: [],
};

/**
 * `equal` means that applying the target would change nothing, and is never said in doubt: then the verdict is
 * `unsure`, with the reasons, until `predicted` holds the API server's answer. One side missing is `different`.
 */
export function diffResource(
  target: KubernetesObject | undefined,
  live: KubernetesObject | undefined,
  options: DiffOptions,
): DiffResult {
  if (target !== undefined && live !== undefined) return diffBoth(target, live, options);
  const verdict = target === live ? 'equal' : 'different';
  const normalizedLive = live === undefined ? undefined : normalize(live, rulesFor(live, live, options));
  const predictedLive = target === undefined ? undefined : normalize(target, rulesFor(target, undefined, options));
  return { ...NOTHING, verdict, normalizedLive, predictedLive };
}

interface Comparison {
  readonly target: KubernetesObject;
  readonly live: KubernetesObject;
  readonly normalizedTarget: KubernetesObject;
  readonly normalizedLive: KubernetesObject;
  readonly rules: NormalizationRules;
  readonly ownership: Ownership;
  readonly builtIn: boolean;
}

function diffBoth(target: KubernetesObject, live: KubernetesObject, options: DiffOptions): DiffResult {
  const rules = rulesFor(target, live, options);
  const comparison: Comparison = {
    target,
    live,
    rules,
    normalizedTarget: normalize(target, rules),
    normalizedLive: normalize(live, rules),
    ownership: ownershipOf(live, options.settings.fieldManager),
    builtIn: isBuiltInGroup(groupOf(target.apiVersion)),
  };
  const doubts = doubtsOf(comparison, options);
  const findings = target.apiVersion === live.apiVersion ? inProcess(comparison) : [];
  const certain = findings.filter(({ unsureBecause }) => unsureBecause === undefined);
  const isUnsure = doubts.length > 0 || findings.length > certain.length;
  if (isUnsure && (certain.length === 0 || options.alwaysAsk === true)) {
    return options.predicted === undefined
      ? unsureResult(comparison, { findings, doubts })
      : decidedResult(comparison, { findings, options, predicted: options.predicted });
  }
  return result(comparison, certain.length === 0 ? 'equal' : 'different', { findings: certain });
}

function rulesFor(
  object: KubernetesObject,
  live: KubernetesObject | undefined,
  options: DiffOptions,
): NormalizationRules {
  const { settings } = options;
  const compiled =
    options.ignoreRules ?? compileIgnoreDifferences([...settings.ignoreDifferences, ...options.ignoreDifferences]);
  const { paths, managers } = ignoredFieldsOf(object, compiled);
  return {
    ignoreResourceStatusField: settings.ignoreResourceStatusField,
    ignoreAggregatedRoles: settings.ignoreAggregatedRoles,
    knownTypeFields: settings.knownTypeFields ?? [],
    ignoredPaths: paths,
    trusted: live === undefined ? [] : trustedFields(live, managers),
  };
}

/** Reasons that no look at the fields can settle. */
function doubtsOf({ target, live }: Comparison, options: DiffOptions): readonly string[] {
  const doubts: string[] = [];
  if (options.alwaysAsk === true) doubts.push('server-side diff is asked for (ServerSideDiff=true)');
  if (target.apiVersion !== live.apiVersion) {
    doubts.push(`the target is ${target.apiVersion}, the live object was read as ${live.apiVersion}`);
  }
  const { fieldManager } = options.settings;
  const applied = live.metadata.managedFields?.find((entry) => isOurApply(entry, fieldManager))?.apiVersion;
  if (applied !== undefined && applied !== live.apiVersion) {
    doubts.push(`it was last applied as ${applied}, so that its fields may have had other names`);
  }
  return doubts;
}

function inProcess({ normalizedTarget, normalizedLive, ownership, builtIn }: Comparison): readonly Finding[] {
  return findDifferences(asJson(normalizedTarget), asJson(normalizedLive), { ownership, builtIn });
}

function unsureResult(
  comparison: Comparison,
  { findings, doubts }: { readonly findings: readonly Finding[]; readonly doubts: readonly string[] },
): DiffResult {
  const reasons = findings.flatMap(({ place, unsureBecause }) =>
    unsureBecause === undefined ? [] : [`${place.path}: ${unsureBecause}`],
  );
  return { ...result(comparison, 'unsure', { findings }), unsureBecause: [...doubts, ...reasons] };
}

/** A refused dry run leaves the in-process findings: something differs, and the apply will say why it cannot be done. */
function decidedResult(
  comparison: Comparison,
  given: { readonly findings: readonly Finding[]; readonly options: DiffOptions; readonly predicted: PredictedLive },
): DiffResult {
  const { options } = given;
  const predicted = given.predicted.object;
  if (predicted === undefined) return result(comparison, 'different', { findings: given.findings });
  const authorship = predicted.kind === 'Secret' ? withStringDataAsData : (ownership: Ownership) => ownership;
  const normalized = asJson(normalize(predicted, comparison.rules));
  const findings = findPredictedDifferences(normalized, asJson(comparison.normalizedLive), {
    live: authorship(comparison.ownership),
    predicted: authorship(ownershipOf(predicted, options.settings.fieldManager)),
    builtIn: comparison.builtIn,
    keepWebhookChanges: options.keepWebhookChanges === true,
  });
  return result(comparison, findings.length === 0 ? 'equal' : 'different', { findings, predicted: normalized });
}

function result(
  comparison: Comparison,
  verdict: DiffVerdict,
  { findings, predicted }: { readonly findings: readonly Finding[]; readonly predicted?: JsonObject },
): DiffResult {
  const { normalizedLive } = comparison;
  return {
    verdict,
    differences: findings.map(differenceOf),
    unsureBecause: [],
    drift: attributeDrift(findings),
    normalizedLive,
    predictedLive: verdict === 'equal' ? normalizedLive : asKubernetesObject(predicted ?? overlaid(comparison)),
  };
}

function overlaid({ normalizedTarget, normalizedLive, ownership, builtIn }: Comparison): JsonObject {
  return overlayTarget(asJson(normalizedTarget), asJson(normalizedLive), { ownership, builtIn });
}

function differenceOf({ place, target, live }: Finding): FieldDifference {
  return { path: place.path, target, live };
}
