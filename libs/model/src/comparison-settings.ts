/** Settings of the installation that change what a comparison sees: read by libs/settings, used by the engine. */
import type { TrackingMethod } from './codes.js';
import type { ResourceIgnoreDifferences } from './crd/application.js';

/** Frozen; part of the inputs' fingerprint. */
export interface ComparisonSettings {
  readonly trackingMethod: TrackingMethod;
  readonly instanceLabelKey: string;
  readonly installationId: string | undefined;
  readonly fieldManager: string;
  /** System-level rules (C09); group and kind may hold globs. */
  readonly ignoreDifferences: readonly ResourceIgnoreDifferences[];
  /** C11 */
  readonly ignoreResourceStatusField: 'all' | 'crd' | 'none';
  readonly ignoreAggregatedRoles: boolean;
}
