/** The renderer of plain manifests: a folder of YAML, JSON and Jsonnet files. */
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { type JsonnetPlan, planJsonnet } from '../jsonnet/plan.js';
import type { RenderedManifest, RenderPlan, RenderRequest, RenderResult, SourceEntry, SourceTree } from '../ports.js';
import { renderKey } from '../render-key.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { type CollectedFiles, collectFiles, type ManifestFile } from './collect.js';
import { nextTurn, type ParsedFile, parseFile } from './parse-file.js';

export interface DirectoryPlanRequest extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

/** Reads names and object ids, and Jsonnet code for its imports; all other contents are read by `render`. */
export async function planDirectory(request: DirectoryPlanRequest): Promise<RenderPlan> {
  const { tree, recorded, folder, source, settings } = request;
  const jsonnetFiles = settings.disabledTools?.includes('Jsonnet') ? 'leftOut' : 'rendered';
  const options = source.directory ?? {};
  const collected = await collectFiles({ tree, recorded, folder, options, jsonnet: jsonnetFiles });
  const entries = collected.files.map(({ path }) => path).filter(isJsonnet);
  const jsonnet = entries.length === 0 ? undefined : await planJsonnet({ ...request, entries });
  const maxBytes = settings.maxCombinedManifestBytes;
  return {
    sourceType: 'Directory',
    readSet: recorded.readSet(),
    key: renderKey({
      type: 'Directory',
      files: collected.files.map(({ path, oid }) => [path, oid]),
      warnings: collected.warnings,
      maxBytes,
      jsonnet: jsonnet?.key,
    }),
    ...(jsonnet?.dependsOnCommit === true ? { dependsOnCommit: true } : {}),
    render: (signal) => renderFiles({ tree, collected, jsonnet, maxBytes, signal }),
  };
}

function isJsonnet(path: string): boolean {
  return path.endsWith('.jsonnet');
}

interface RenderJob {
  readonly tree: SourceTree;
  readonly collected: CollectedFiles;
  readonly jsonnet: JsonnetPlan | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Sizes are checked before anything is parsed, so that a heap of files too large costs no more than reading them. */
async function renderFiles({ tree, collected, jsonnet, maxBytes, signal }: RenderJob): Promise<RenderResult> {
  const contents: Uint8Array[] = [];
  let left = maxBytes;
  for (const file of collected.files) {
    signal.throwIfAborted();
    if (isJsonnet(file.path)) {
      contents.push(NO_BYTES);
      continue;
    }
    const bytes = await readFile(tree, file, { left, maxBytes });
    left -= bytes.length;
    contents.push(bytes);
  }
  const evaluated = await jsonnet?.evaluate(signal);
  const manifests: RenderedManifest[] = [];
  const warnings = [...collected.warnings];
  for (const [index, file] of collected.files.entries()) {
    // Parsing is synchronous: other requests get their turn between two files.
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    const parsed: ParsedFile = isJsonnet(file.path)
      ? { manifests: evaluated?.get(file.path) ?? [] }
      : await parseFile(file.path, contents[index] ?? NO_BYTES);
    manifests.push(...parsed.manifests);
    if (parsed.warning !== undefined) warnings.push(parsed.warning);
  }
  return { manifests, warnings };
}

const FILES_PER_TURN = 8;
const NO_BYTES = new Uint8Array();

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
