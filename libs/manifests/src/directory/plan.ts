/** The renderer of plain manifests: a folder of YAML and JSON files. */
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import type { RenderedManifest, RenderPlan, RenderRequest, RenderResult, SourceEntry, SourceTree } from '../ports.js';
import { renderKey } from '../render-key.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { type CollectedFiles, collectFiles, type ManifestFile } from './collect.js';
import { nextTurn, parseFile } from './parse-file.js';

export interface DirectoryPlanRequest extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

/** Reads names and object ids only; contents are read by `render`. */
export async function planDirectory(request: DirectoryPlanRequest): Promise<RenderPlan> {
  const { tree, recorded, folder, source, settings } = request;
  const collected = await collectFiles({ tree, recorded, folder, options: source.directory ?? {} });
  const maxBytes = settings.maxCombinedManifestBytes;
  return {
    sourceType: 'Directory',
    readSet: recorded.readSet(),
    key: renderKey({
      type: 'Directory',
      files: collected.files.map(({ path, oid }) => [path, oid]),
      warnings: collected.warnings,
      maxBytes,
    }),
    render: (signal) => renderFiles({ tree, collected, maxBytes, signal }),
  };
}

interface RenderJob {
  readonly tree: SourceTree;
  readonly collected: CollectedFiles;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Sizes are checked before anything is parsed, so that a heap of files too large costs no more than reading them. */
async function renderFiles({ tree, collected, maxBytes, signal }: RenderJob): Promise<RenderResult> {
  const contents: Uint8Array[] = [];
  let left = maxBytes;
  for (const file of collected.files) {
    signal.throwIfAborted();
    const bytes = await readFile(tree, file, { left, maxBytes });
    left -= bytes.length;
    contents.push(bytes);
  }
  const manifests: RenderedManifest[] = [];
  const warnings = [...collected.warnings];
  for (const [index, file] of collected.files.entries()) {
    // Parsing is synchronous: other requests get their turn between two files.
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    const parsed = await parseFile(file.path, contents[index] ?? new Uint8Array());
    manifests.push(...parsed.manifests);
    if (parsed.warning !== undefined) warnings.push(parsed.warning);
  }
  return { manifests, warnings };
}

const FILES_PER_TURN = 8;

interface Budget {
  readonly left: number;
  readonly maxBytes: number;
}

async function readFile(tree: SourceTree, file: ManifestFile, budget: Budget): Promise<Uint8Array> {
  try {
    return await tree.readBlob(file.oid, budget.left);
  } catch (error) {
    if (!isGitOpsError(error) || error.code !== 'ManifestGeneration') throw error;
    const limit = `The manifest files of one source may have ${budget.maxBytes} bytes together`;
    const next = 'Split the application, exclude the file, or raise reposerver.max.combined.directory.manifests.size.';
    throw new GitOpsError('ManifestGeneration', `${file.path}: ${limit}, and this file exceeds that. ${next}`, {
      cause: error,
    });
  }
}
