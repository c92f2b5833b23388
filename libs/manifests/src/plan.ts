/** From a source and a revision to the plan of its render: the one place that knows which renderers there are. */
import { planDirectory } from './directory/plan.js';
import type { RenderPlan, RenderRequest } from './ports.js';
import { detectSourceType, explicitSourceType, unsupportedSourceType } from './source-type.js';
import { lookupFolder, recordTree } from './tree/recorded-tree.js';
import { normalizeSourcePath } from './tree/source-path.js';

/**
 * Looks at names and object ids only.
 * @throws GitOpsError InvalidSpec or ManifestGeneration: unknown path, unsupported tool, links that leave the repository.
 */
export async function planRender(request: RenderRequest): Promise<RenderPlan> {
  const { tree, source } = request;
  const explicit = explicitSourceType(source);
  if (source.chart) throw unsupportedSourceType('Helm', `chart "${source.chart}"`);
  const recorded = recordTree(tree);
  const path = normalizeSourcePath(source.path ?? '');
  const folder = await lookupFolder(recorded, path, tree.commit);
  const type = explicit ?? detectSourceType(await tree.list(folder.path));
  if (type !== 'Directory') {
    throw unsupportedSourceType(type, explicit === undefined ? `found in "${path || '.'}"` : 'named in spec.source');
  }
  return planDirectory({ ...request, recorded, folder });
}
