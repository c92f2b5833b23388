/** From a source and a revision to the plan of its render: the one place that knows which renderers there are. */
import type { ApplicationSource, SourceType } from '@tiphys/model';
import { planDirectory } from './directory/plan.js';
import { planHelm } from './helm/plan.js';
import { planKustomize } from './kustomize/plan.js';
import { applyOverrides } from './overrides.js';
import type { RenderPlan, RenderRequest, RenderSettings, SourceEntry } from './ports.js';
import { renderKey } from './render-key.js';
import { detectSourceType, explicitSourceType, unsupportedSourceType } from './source-type.js';
import { lookupFolder, type RecordedTree, recordTree } from './tree/recorded-tree.js';
import { normalizeSourcePath } from './tree/source-path.js';

/**
 * Looks at names and object ids, and at the files that name others. The tree of a source with `chart` is the unpacked chart.
 * @throws GitOpsError InvalidSpec or ManifestGeneration: unknown path, unsupported tool, links that leave the repository.
 */
export async function planRender(request: RenderRequest): Promise<RenderPlan> {
  const { tree } = request;
  if (isReferenceOnly(request.source)) return NOTHING;
  explicitSourceType(request.source);
  const recorded = recordTree(tree);
  const path = request.source.chart ? '' : normalizeSourcePath(request.source.path ?? '');
  const folder = await lookupFolder(recorded, path, tree.commit);
  const source = await applyOverrides({
    ...request,
    recorded,
    folder: folder.path,
    application: request.application.name,
  });
  const planned = { ...request, source, recorded, folder };
  const type = await sourceTypeOf(planned);
  if (type === 'Helm') return planHelm(planned);
  if (type === 'Kustomize') return planKustomize(planned);
  if (type === 'Plugin') throw unsupportedSourceType(type, 'named in spec.source');
  return planDirectory(planned);
}

interface PlannedSource extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

/** What the source says, else what the folder shows; a tool that is switched off leaves a directory (B01, B02). */
async function sourceTypeOf({ tree, recorded, source, folder, settings }: PlannedSource): Promise<SourceType> {
  const explicit = explicitSourceType(source);
  if (explicit !== undefined) return isEnabled(explicit, settings) ? explicit : 'Directory';
  const children = await tree.list(folder.path);
  const isTool = (type: SourceType): boolean => isEnabled(type, settings);
  // Its coming would change the type.
  await recorded.lookup(folder.path === '' ? 'Chart.yaml' : `${folder.path}/Chart.yaml`);
  return detectSourceType(children, isTool);
}

function isEnabled(type: SourceType, { disabledTools = [] }: RenderSettings): boolean {
  return !disabledTools.some((disabled) => disabled === type);
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
