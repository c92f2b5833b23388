/** Kinds that are never watched: what cannot be watched, and Argo CD's default exclusions (C16). */
import type { GroupKind } from '@tiphys/model';
import type { ApiResource } from '../ports.js';

/** Events come in floods and are no part of an application; Argo CD's cache leaves them out as well. */
export function isWatchable({ group, kind, verbs }: ApiResource): boolean {
  if (kind === 'Event' && (group === '' || group === 'events.k8s.io')) return false;
  return verbs.includes('list') && verbs.includes('watch');
}

const DEFAULT_EXCLUSIONS: readonly { readonly group: RegExp; readonly kinds?: ReadonlySet<string> }[] = [
  { group: /^(|discovery\.k8s\.io)$/, kinds: new Set(['Endpoints', 'EndpointSlice']) },
  { group: /^coordination\.k8s\.io$/, kinds: new Set(['Lease']) },
  { group: /^(authentication|authorization)\.k8s\.io$/ },
  { group: /^certificates\.k8s\.io$/, kinds: new Set(['CertificateSigningRequest']) },
  { group: /^cert-manager\.io$/, kinds: new Set(['CertificateRequest']) },
  { group: /^cilium\.io$/, kinds: new Set(['CiliumIdentity', 'CiliumEndpoint', 'CiliumEndpointSlice']) },
  {
    group: /^(kyverno\.io|reports\.kyverno\.io|wgpolicyk8s\.io)$/,
    kinds: new Set([
      ...['PolicyReport', 'ClusterPolicyReport', 'EphemeralReport', 'ClusterEphemeralReport', 'UpdateRequest'],
      ...['AdmissionReport', 'ClusterAdmissionReport', 'BackgroundScanReport', 'ClusterBackgroundScanReport'],
    ]),
  },
];

/** True for the kinds of Argo CD's default `resource.exclusions`: the caller uses it where the setting is absent. */
export function isExcludedByDefault({ group, kind }: GroupKind): boolean {
  return DEFAULT_EXCLUSIONS.some((rule) => rule.group.test(group) && rule.kinds?.has(kind) !== false);
}
