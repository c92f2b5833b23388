/** What a comparison renders while the Git host cannot be asked: never an older commit than the last comparison had (design 9). */
import { equalJson } from '@tiphys/gitops-engine';
import { type Application, sourcesOf } from '@tiphys/model';
import type { ComparisonRequest } from '../comparison/compare-app.js';
import type { RenderedManifests } from '../ports.js';

type Render = (request: ComparisonRequest) => Promise<RenderedManifests>;

/**
 * A commit from the memory of some repo-server may be older than the one known here, which is then rendered instead. What
 * the host itself names is always followed, and so is a new specification.
 */
export async function renderNotOlder(request: ComparisonRequest, render: Render): Promise<RenderedManifests> {
  const rendered = await render(request);
  const known = knownRevisions(request.app);
  if (rendered.stale !== true || known === undefined || equalJson(known, rendered.revisions)) return rendered;
  const { warnings } = rendered;
  return { ...(await render({ ...request, revisions: known, cacheMode: 'normal' })), stale: true, warnings };
}

/** Of the last comparison, if it was of the sources that the application has now. */
export function knownRevisions({ spec, status }: Application): readonly string[] | undefined {
  const { comparedTo, revision = '', revisions = [] } = status?.sync ?? {};
  if (comparedTo === undefined || !equalJson(sourcesOf(comparedTo), sourcesOf(spec))) return undefined;
  const known = revisions.length > 0 ? revisions : [revision];
  return known.every((commit) => commit !== '') ? known : undefined;
}
