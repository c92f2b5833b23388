/** Remembers the inputs of the last comparison that found everything in sync: equal inputs are not compared again (design 4.3). */

import { createHash } from 'node:crypto';
import { ANNOTATIONS, type AppKey, type Application } from '@tiphys/model';
import { instanceOf } from '../identity.js';
import type { ControllerSettings, DestinationCluster, RenderedManifests } from '../ports.js';

/** Fingerprint of the last comparison per application; only of those that were Synced, since others have a sync to decide. */
export type ComparisonMemory = Map<AppKey, string>;

export interface FingerprintInputs {
  readonly rendered: RenderedManifests;
  readonly cluster: DestinationCluster;
  readonly settings: ControllerSettings;
  readonly namespace: string;
  /** Orphaned resources, as far as the project looks for them (C18). */
  readonly orphans: readonly { readonly uid: string }[];
}

/** Manifest hash, live state, spec, compare options, settings and unreadable kinds: equal text, equal comparison. */
export function fingerprintOf(app: Application, inputsOf: FingerprintInputs): string {
  const { rendered, cluster, settings, namespace, orphans } = inputsOf;
  const instance = instanceOf(app, namespace);
  const unreadable = [...cluster.cache.unreadable()].flat();
  const inputs = [
    rendered.manifestHash,
    cluster.cache.fingerprint(instance),
    cluster.server,
    app.metadata.uid,
    JSON.stringify(app.spec),
    app.metadata.annotations?.[ANNOTATIONS.compareOptions] ?? '',
    settings.fingerprint,
    ...unreadable,
    ...orphans.map(({ uid }) => uid).sort(),
  ];
  return createHash('sha256').update(inputs.join('\n')).digest('base64url');
}
