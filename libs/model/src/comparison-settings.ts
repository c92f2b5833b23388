/** Settings of the installation that change what a comparison sees: read by libs/settings, used by the engine. */
import type { TrackingMethod } from './codes.js';
import type { ResourceIgnoreDifferences } from './crd/application.js';
import type { GroupKind } from './kubernetes/object.js';

/** A field of custom resources, by dotted path, and the type whose spellings mean the same in it (C12). */
export interface KnownTypeField extends GroupKind {
  readonly field: string;
  /** As Argo CD names it: `core/Quantity`, `meta/v1/Duration`, `core/v1/PodSpec`, … */
  readonly type: string;
}

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
  /** `controller.diff.server.side`: every comparison asks the API server (C03). Default false. */
  readonly serverSideDiff?: boolean;
  /** Fields of custom resources that hold values of a known type (C12). */
  readonly knownTypeFields?: readonly KnownTypeField[];
}
