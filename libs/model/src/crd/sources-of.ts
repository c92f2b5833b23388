/** One-or-many sources of a specification, normalised once (A03, A04). Apart from the schemas, which cost memory to load. */
import type { ApplicationSpec } from './application.js';
import type { ApplicationSource } from './source.js';

/** One-or-many sources, normalised once: `sources` wins over `source` (A04). Empty when neither is set. */
export function sourcesOf(spec: Pick<ApplicationSpec, 'source' | 'sources'>): readonly ApplicationSource[] {
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
}

/** True when the spec uses `sources`: status fields are then the plural ones. */
export function hasMultipleSources(spec: Pick<ApplicationSpec, 'sources'>): boolean {
  return spec.sources !== undefined && spec.sources.length > 0;
}
