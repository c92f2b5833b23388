/** Which Helm renders a chart (`source.helm.version`): the default one, or Helm 4 where it is installed beside it. */
import type { HelmSource } from '@tiphys/model';
import type { Toolbox } from '../workspace/ports.js';

export interface HelmTool {
  readonly tool: string;
  /** Part of render keys. */
  readonly version: string;
  readonly warnings: readonly string[];
}

const HELM_4 = 'helm-v4';

/** Argo CD ignores the field (B09): a version that is not installed is said in a warning, and does not fail the render. */
export async function chooseHelm(tools: Toolbox, { version = '' }: HelmSource): Promise<HelmTool> {
  const wantsFour = /^v?4(\.|$)/.test(version);
  if (wantsFour && tools.has(HELM_4)) return { tool: HELM_4, version: await tools.version(HELM_4), warnings: [] };
  const installed = await tools.version('helm');
  if (!wantsFour || /^v4\./.test(installed)) return { tool: 'helm', version: installed, warnings: [] };
  const next = `Add a binary "${HELM_4}" to the repo-server's tools, or remove spec.source.helm.version.`;
  return {
    tool: 'helm',
    version: installed,
    warnings: [`The chart was rendered with Helm ${installed}: Helm 4 is not installed. ${next}`],
  };
}
