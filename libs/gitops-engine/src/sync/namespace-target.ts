/** The Namespace object of `CreateNamespace=true` (D30, A12). */
import type { KubernetesObject } from '@tiphys/model';

export interface NamespaceMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Not tracked: a namespace made on the way is never pruned or deleted with the application. */
export function namespaceTarget(name: string, managed?: NamespaceMetadata): KubernetesObject {
  const { labels, annotations } = managed ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}
