/** Which pods of an application's tree a request for logs means. */
import type { ApplicationTree } from '@tiphys/gitops-engine';

type Node = ApplicationTree['nodes'][number];

/** Empty parts fit everything. */
export interface PodSelection {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** The pods that fit, or one of whose owners, at any distance, fits. */
export function selectPods(nodes: readonly Node[], selection: PodSelection): readonly PodName[] {
  const byKey = new Map(nodes.map((node) => [keyOf(node), node]));
  const known = new Map<string, boolean>();
  const isSelected = (node: Node): boolean => {
    const key = keyOf(node);
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    // Also ends a circle of owners.
    known.set(key, false);
    const owners = (node.parentRefs ?? []).flatMap((owner) => byKey.get(keyOf(owner)) ?? []);
    const selected = fits(node, selection) || owners.some(isSelected);
    known.set(key, selected);
    return selected;
  };
  return nodes
    .filter((node) => node.kind === 'Pod' && !node.group && node.uid && isSelected(node))
    .map(({ namespace = '', name = '' }) => ({ namespace, name }));
}

function keyOf({ group = '', kind = '', namespace = '', name = '' }: Partial<PodSelection>): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function fits(node: Node, selection: PodSelection): boolean {
  return (['group', 'kind', 'namespace', 'name'] as const).every(
    (part) => selection[part] === '' || selection[part] === (node[part] ?? ''),
  );
}
