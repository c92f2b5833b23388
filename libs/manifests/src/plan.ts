/** From a source and a revision to the plan of its render: the one place that knows which renderers there are. */
import type { ApplicationSource, SourceType } from '@tiphys/model';
import { planDirectory } from './directory/plan.js';
import { describeChart, type HelmDetails } from './helm/details.js';
import { planHelm } from './helm/plan.js';
import { planKustomize } from './kustomize/plan.js';
import { applyOverrides } from './overrides.js';
import { announceParameters, type ChosenPlugin, choosePlugin, discoverPlugin, planPlugin } from './plugin/plan.js';
import type { ParameterDefault } from './plugin/ports.js';
import type { RenderPlan, RenderRequest, RenderSettings, SourceEntry } from './ports.js';
import { renderKey } from './render-key.js';
import { detectSourceType, explicitSourceType } from './source-type.js';
import { lookupFolder, type RecordedTree, recordTree } from './tree/recorded-tree.js';
import { normalizeSourcePath } from './tree/source-path.js';

/**
 * Looks at names and object ids, and at the files that name others. The tree of a source with `chart` is the unpacked chart.
 * @throws GitOpsError InvalidSpec or ManifestGeneration: unknown path, unsupported tool, links that leave the repository.
 */
export async function planRender(request: RenderRequest): Promise<RenderPlan> {
  if (isReferenceOnly(request.source)) return NOTHING;
  const planned = await planSource(request);
  const explicit = explicitSourceType(planned.source);
  return explicit === undefined ? planDetected(planned) : planAs(await sourceTypeOf(planned), planned);
}

async function planSource(request: RenderRequest): Promise<PlannedSource> {
  const { tree } = request;
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
  return { ...request, source, recorded, folder };
}

async function planAs(type: SourceType, planned: PlannedSource): Promise<RenderPlan> {
  if (type === 'Helm') return planHelm(planned);
  if (type === 'Kustomize') return planKustomize(planned);
  if (type === 'Plugin') return planPlugin(await choosePlugin(planned), planned);
  return planDirectory(planned);
}

/** Plugins with rules are asked first, as in Argo CD; any file may change their answer, so another commit is planned anew (B31). */
async function planDetected(planned: PlannedSource): Promise<RenderPlan> {
  const asked = (await planned.plugins?.discovering()) ?? [];
  if (asked.length === 0) return planAs(await sourceTypeOf(planned), planned);
  const chosen = await discoverPlugin(planned, asked);
  const plan = chosen ? await planPlugin(chosen, planned) : await planAs(await sourceTypeOf(planned), planned);
  return { ...plan, dependsOnCommit: true };
}

/** What can be set for a source, by the tool that renders it. */
export interface SourceDetails {
  readonly type: SourceType;
  readonly helm?: HelmDetails;
  /** Parameters that the plugin announces (B32). */
  readonly parametersAnnouncement?: readonly ParameterDefault[];
}

/** Renders nothing. Errors as for `planRender`. */
export async function describeSource(request: RenderRequest): Promise<SourceDetails> {
  const planned = await planSource(request);
  const chosen = await pluginOf(planned);
  if (chosen) return { type: 'Plugin', parametersAnnouncement: await announceParameters(chosen, planned) };
  const type = await sourceTypeOf(planned);
  return type === 'Helm' ? { type, helm: await describeChart(planned) } : { type };
}

async function pluginOf(planned: PlannedSource): Promise<ChosenPlugin | undefined> {
  const explicit = explicitSourceType(planned.source);
  if (explicit === 'Plugin') return choosePlugin(planned);
  if (explicit !== undefined) return undefined;
  const asked = await planned.plugins?.discovering();
  return discoverPlugin(planned, asked ?? []);
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
