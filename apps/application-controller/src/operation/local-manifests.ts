/** Manifests that came with the operation itself (`argocd app sync --local`, A17) in place of those of Git. */
import { createHash } from 'node:crypto';
import { GitOpsError, type KubernetesObject, type SyncOperation } from '@tiphys/model';
import type { RenderedManifests } from '../ports.js';

/**
 * Undefined when the operation brings none. What is deployed then has no revision.
 * @throws GitOpsError InvalidSpec for a text that is no JSON object.
 */
export function localManifests({ manifests = [] }: SyncOperation, sources: number): RenderedManifests | undefined {
  if (manifests.length === 0) return undefined;
  const targets = manifests.map((text, index) => {
    const origin = `operation.sync.manifests[${index}]`;
    return { object: parse(text, origin), origin, sourceIndex: 0 };
  });
  const manifestHash = createHash('sha256').update(JSON.stringify(manifests)).digest('base64url');
  return { targets, manifestHash, revisions: Array.from({ length: sources }, () => ''), sourceTypes: [], warnings: [] };
}

function parse(text: string, origin: string): KubernetesObject {
  try {
    return JSON.parse(text) as KubernetesObject;
  } catch (cause) {
    throw new GitOpsError('InvalidSpec', `${origin} is not JSON; send each local manifest as a JSON object`, { cause });
  }
}
