/** Which sources a push to a registry concerns (J02). Pure. */
import type { ApplicationSource } from '@tiphys/model';
import { isRange, versionMatches } from '@tiphys/model/versions';
import type { RegistryPush } from './events.js';

/** Of a registry or a repository of charts, as opposed to a Git repository. */
export function isArtifactSource({ repoURL, chart }: ApplicationSource): boolean {
  return Boolean(chart) || repoURL.startsWith('oci://');
}

/** Whether the target revision may name what was pushed: the digest, the tag, or a range that the tag is in. */
export function followsTag(source: ApplicationSource, { tag, digest }: Pick<RegistryPush, 'tag' | 'digest'>): boolean {
  const target = targetOf(source);
  if (target.startsWith('sha256:')) return target === digest;
  if (tag === undefined) return false;
  // `+` cannot be in a tag: registries have `_` for it.
  const version = tag.replaceAll('_', '+');
  if (target === tag || target === version) return true;
  return Boolean(source.chart) || isRange(target) ? versionMatches(target, version) : false;
}

/** Nothing, or `HEAD`: the newest release of a chart, the tag `latest` of a folder. */
function targetOf({ chart, targetRevision = '' }: ApplicationSource): string {
  if (targetRevision !== '' && targetRevision !== 'HEAD') return targetRevision;
  return chart ? '*' : 'latest';
}
