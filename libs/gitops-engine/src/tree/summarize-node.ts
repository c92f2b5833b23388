/** What a live object contributes to trees and health, computed once per watch event and kept instead of the object. */
import { groupOf, type KubernetesObject } from '@tiphys/model';
import { assessHealth, type HealthOverrides } from '../health/assess-health.js';
import { numberAt } from '../health/fields.js';
import { imagesOf } from './images.js';
import { networkingOf } from './networking.js';
import { podInfo } from './pod-info.js';
import type { InfoItem, NodeSummary } from './types.js';

const REVISION_ANNOTATIONS = ['deployment.kubernetes.io/revision', 'rollout.argoproj.io/revision'];

export function summarizeNode(live: KubernetesObject, overrides?: HealthOverrides): NodeSummary {
  const isPod = live.kind === 'Pod' && groupOf(live.apiVersion) === '';
  return {
    health: assessHealth(live, overrides),
    images: imagesOf(live),
    info: [...revisionInfo(live), ...(isPod ? podInfo(live) : [])],
    networkingInfo: networkingOf(live),
  };
}

function revisionInfo(live: KubernetesObject): readonly InfoItem[] {
  const annotated = REVISION_ANNOTATIONS.map((name) => live.metadata.annotations?.[name]).find(
    (text) => text !== undefined,
  );
  const revision = annotated === undefined ? numberAt(live, 'revision') : Number.parseInt(annotated, 10);
  return revision !== undefined && revision > 0 ? [{ name: 'Revision', value: `Rev:${revision}` }] : [];
}
