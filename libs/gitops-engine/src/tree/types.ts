/** The resource tree as Argo CD's API shows it (`ApplicationTree`), and the compact node it is built from. */
import type { HealthStatus } from '@tiphys/model';

export interface ResourceRef {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface InfoItem {
  readonly name: string;
  readonly value: string;
}

export interface ResourceNetworkingInfo {
  readonly targetLabels?: Readonly<Record<string, string>>;
  readonly targetRefs?: readonly ResourceRef[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[];
  readonly externalURLs?: readonly string[];
}

export interface ResourceNode extends ResourceRef {
  readonly parentRefs?: readonly ResourceRef[];
  readonly info?: readonly InfoItem[];
  readonly networkingInfo?: ResourceNetworkingInfo;
  readonly resourceVersion?: string;
  readonly images?: readonly string[];
  readonly health?: HealthStatus;
  readonly createdAt?: string;
}

export interface ApplicationTree {
  readonly nodes: readonly ResourceNode[];
  readonly orphanedNodes?: readonly ResourceNode[];
  readonly hosts?: readonly unknown[];
}

/** What a live object contributes to trees and health: computed once per watch event, kept instead of the object. */
export interface NodeSummary {
  readonly health: HealthStatus | undefined;
  readonly images: readonly string[];
  readonly info: readonly InfoItem[];
  readonly networkingInfo: ResourceNetworkingInfo | undefined;
}
