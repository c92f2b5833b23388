/** Settings of argocd-cm for what a person may do with single resources and their logs (F14, C15, N04). */
import { createReader, type Parsed, type SettingsData, splitList } from './reader.js';

export interface ResourceAccessSettings {
  /**
   * True (Argo CD's default): `update` and `delete` of an application say nothing about its resources, which need
   * `update/<group>/<kind>/<ns>/<name>`. False: either is enough.
   */
  readonly fineGrainedInheritanceDisabled: boolean;
  /** Pods whose logs one request may merge. */
  readonly maxPodLogs: number;
  /** Annotations of Secrets whose values are masked. */
  readonly sensitiveAnnotations: readonly string[];
}

export function parseResourceAccessSettings(argocdCm: SettingsData): Parsed<ResourceAccessSettings> {
  const reader = createReader(argocdCm);
  const settings: ResourceAccessSettings = {
    fineGrainedInheritanceDisabled: reader.flag('server.rbac.disableApplicationFineGrainedRBACInheritance', true),
    maxPodLogs: reader.count('server.maxPodLogsToRender', 10, 1),
    sensitiveAnnotations: splitList(reader.text('resource.sensitive.mask.annotations') ?? ''),
  };
  return { settings, problems: reader.problems };
}
