/** Kubernetes Events for status changes: the audit trail of what was seen (F35). */
import type { ComparisonResult, DriftAttribution } from '@tiphys/gitops-engine';
import { type Application, type ResourceKey } from '@tiphys/model';
import type { EventRecorder } from '../ports.js';

/** One Event per change of sync status, health or error condition. */
export function reportStatusChange(events: EventRecorder, before: Application, after: Application): void {
  const sync = change(before.status?.sync?.status, after.status?.sync?.status);
  if (sync !== undefined) events.record(after, { type: 'Normal', reason: 'ResourceUpdated', message: `Updated sync status: ${sync}` });
  const health = change(before.status?.health?.status, after.status?.health?.status);
  if (health !== undefined) events.record(after, { type: 'Normal', reason: 'ResourceUpdated', message: `Updated health status: ${health}` });
  const known = new Set((before.status?.conditions ?? []).map((condition) => `${condition.type}|${condition.message}`));
  for (const condition of after.status?.conditions ?? []) {
    if (known.has(`${condition.type}|${condition.message}`)) continue;
    events.record(after, { type: 'Warning', reason: condition.type, message: condition.message });
  }
}

/** Who changed what, as the field ownership of the live object shows it (design 1.7). One Event per drifted resource. */
export function reportDrift(events: EventRecorder, app: Application, { resources }: Pick<ComparisonResult, 'resources'>): void {
  for (const { key, status, diff, live } of resources) {
    if (status !== 'OutOfSync' || live === undefined) continue;
    for (const drift of diff.drift) events.record(app, { type: 'Normal', reason: 'DriftDetected', message: driftMessage(key, drift) });
  }
}

function driftMessage({ kind, namespace, name }: ResourceKey, { manager, operation, time, fields }: DriftAttribution): string {
  const where = namespace === '' ? name : `${namespace}/${name}`;
  const when = time === undefined ? '' : ` at ${time}`;
  return `${kind} ${where}: ${fields.join(', ')} changed by ${manager} (${operation})${when}; reverting to Git`;
}

function change(before: string | undefined, after: string | undefined): string | undefined {
  return after === undefined || before === after ? undefined : `${before ?? ''} -> ${after}`.trimStart();
}
