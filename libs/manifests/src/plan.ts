/** From a source and a revision to the plan of its render: the one place that knows which renderers there are. */
import type { ApplicationSource } from '@tiphys/model';
import { planDirectory } from './directory/plan.js';
import { planHelm } from './helm/plan.js';
import type { RenderPlan, RenderRequest } from './ports.js';
import { renderKey } from './render-key.js';
import { detectSourceType, explicitSourceType, unsupportedSourceType } from './source-type.js';
import { lookupFolder, recordTree } from './tree/recorded-tree.js';
import { normalizeSourcePath } from './tree/source-path.js';

/**
 * Looks at names and object ids, and at the files that name others. The tree of a source with `chart` is the unpacked chart.
 * @throws GitOpsError InvalidSpec or ManifestGeneration: unknown path, unsupported tool, links that leave the repository.
 */
export async function planRender(request: RenderRequest): Promise<RenderPlan> {
  const { tree, source } = request;
  if (isReferenceOnly(source)) return NOTHING;
  const explicit = explicitSourceType(source);
  const recorded = recordTree(tree);
  const path = source.chart ? '' : normalizeSourcePath(source.path ?? '');
  const folder = await lookupFolder(recorded, path, tree.commit);
  const type = explicit ?? detectSourceType(await tree.list(folder.path));
  if (type === 'Helm') return planHelm({ ...request, recorded, folder });
  if (type !== 'Directory') {
    throw unsupportedSourceType(type, explicit === undefined ? `found in "${path || '.'}"` : 'named in spec.source');
  }
  return planDirectory({ ...request, recorded, folder });
}

/** A source that only lends its files to others (`ref`) renders nothing itself (A05). */
function isReferenceOnly({ ref, path, chart }: ApplicationSource): boolean {
  return Boolean(ref) && !path && !chart;
}

const NOTHING: RenderPlan = {
  sourceType: 'Directory',
  readSet: [],
  key: renderKey({ type: 'Reference' }),
  render: () => Promise.resolve({ manifests: [], warnings: [] }),
};
