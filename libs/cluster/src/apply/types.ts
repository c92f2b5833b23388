/** What one apply needs to know, and what it tells. */
import type { KubernetesObject } from '@tiphys/model';
import type { Discovery, KubeClient } from '../ports.js';

/** Sync options of one resource as far as the apply itself is concerned (D21, D24-D27). */
export interface ApplyOptions {
  /** Default true; false: three-way patch with the last-applied annotation (D26). */
  readonly serverSideApply?: boolean;
  /** Default true: fields of client-side apply move to our manager before the first server-side apply (D27). */
  readonly clientSideApplyMigration?: boolean;
  /** One more manager whose fields move, from the annotation `client-side-apply-migration-manager`. */
  readonly migrationManager?: string | undefined;
  /** PUT the manifest instead of merging it (D24). */
  readonly replace?: boolean;
  /** With replace: delete and create again. Without: the same, only when a field is immutable (D25). Never for Namespaces and CRDs. */
  readonly force?: boolean;
  /** Default true: unknown and duplicate fields fail (D21). */
  readonly validate?: boolean;
  /** Ask the server for the predicted object; nothing is written. */
  readonly dryRun?: boolean;
  /** Default `argocd-controller`. */
  readonly fieldManager?: string;
}

export interface ApplyRequest {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  /** The manifest, complete with tracking annotation and namespace. */
  readonly object: KubernetesObject;
  /** The live object, when the caller has it. Without it nothing is migrated, and a replace reads it. */
  readonly live?: KubernetesObject | undefined;
  readonly options: ApplyOptions;
  readonly signal: AbortSignal;
}

export interface ApplyResult {
  /** The object as the server holds it now (or would hold it, in a dry run). */
  readonly object: KubernetesObject;
  readonly action: 'created' | 'configured' | 'unchanged' | 'replaced' | 'recreated';
}
