/** kustomize expands YAML aliases without a limit: files that have some are looked at before it sees them (S12). */
import { GitOpsError } from '@tiphys/model';
import { yamlBombIn } from '@tiphys/model/yaml';
import type { WorkspaceFile } from '../workspace/ports.js';

/** Bombs are small; a large file is left to the limits of the tool. */
const MAX_LOOKED_AT_BYTES = 1024 * 1024;
const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** @throws GitOpsError ManifestGeneration naming the file. */
export async function refuseBombs(files: readonly WorkspaceFile[], signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  for (const file of files) {
    if (!('oid' in file)) continue;
    signal.throwIfAborted();
    const bytes = await file.tree.readBlob(file.oid, MAX_FILE_BYTES);
    const problem = bytes.length > MAX_LOOKED_AT_BYTES ? undefined : yamlBombIn(decoder.decode(bytes));
    if (problem === undefined) continue;
    const next = 'Write it out with fewer aliases.';
    throw new GitOpsError('ManifestGeneration', `${file.path}: the YAML document ${problem}. ${next}`);
  }
}
