/** Applications that are not to be processed at all for now: their own annotation (A25) or the one of their cluster (H07). */
import { ANNOTATIONS, type Application } from '@tiphys/model';
import type { Clusters } from './ports.js';

/** Neither compared nor synced nor deleted. */
export function isPaused({ clusters }: { readonly clusters: Pick<Clusters, 'identify'> }, app: Application): boolean {
  return isSkipped(app) || clusters.identify(app.spec.destination)?.skipReconcile === true;
}

/** The annotation of the Application itself. */
export function isSkipped({ metadata }: Application): boolean {
  return metadata.annotations?.[ANNOTATIONS.skipReconcile] === 'true';
}
