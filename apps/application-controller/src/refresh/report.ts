/** Kubernetes Events for status changes: the audit trail of what was seen (F35). */
import { type ComparisonResult, type DriftAttribution, equalJson } from '@tiphys/gitops-engine';
import type { Application, ApplicationCondition, ApplicationStatus, ResourceKey } from '@tiphys/model';
import type { EventRecorder } from '../ports.js';

/** One Event for what changed of sync status and health in one write, one per new condition. */
export function reportStatusChange(events: EventRecorder, before: Application, after: Application): void {
  const [old, now] = [before.status ?? {}, after.status ?? {}];
  const changes = [
    change('sync', old.sync?.status, now.sync?.status),
    change('health', old.health?.status, now.health?.status),
  ].filter((text) => text !== undefined);
  if (changes.length > 0)
    events.record(after, { type: 'Normal', reason: 'ResourceUpdated', message: changes.join('; ') });
  for (const { type, message } of newConditions(old, now))
    events.record(after, { type: 'Warning', reason: type, message });
}

function newConditions(before: ApplicationStatus, after: ApplicationStatus): readonly ApplicationCondition[] {
  const known = new Set(before.conditions?.map(({ type, message }) => `${type}|${message}`));
  return (after.conditions ?? []).filter(({ type, message }) => !known.has(`${type}|${message}`));
}

/** Who changed what, as the field ownership of the live object shows it (design 1.7). One Event per drifted resource. */
export function reportDrift(
  events: EventRecorder,
  app: Application,
  { resources }: Pick<ComparisonResult, 'resources'>,
): void {
  for (const { key, status, diff, live } of resources) {
    if (status !== 'OutOfSync' || live === undefined) continue;
    for (const drift of diff.drift) {
      const message = `${driftMessage(key, drift)}; reverting to Git`;
      events.record(app, { type: 'Normal', reason: 'DriftDetected', message });
    }
  }
}

/** The same as conditions, for drift that nothing reverts now. A commit that is not deployed yet is no drift. */
export function driftConditions(
  app: Application,
  {
    result,
    revisions,
  }: { readonly result: Pick<ComparisonResult, 'resources'>; readonly revisions: readonly string[] },
): readonly Pick<ApplicationCondition, 'type' | 'message'>[] {
  const deployed = app.status?.history?.at(-1);
  if (!equalJson(deployed?.revisions ?? [deployed?.revision], revisions)) return [];
  const drifted = result.resources.filter(({ status, live }) => status === 'OutOfSync' && live !== undefined);
  return drifted.flatMap(({ key, diff }) =>
    diff.drift.map((drift) => ({ type: 'DriftWarning' as const, message: driftMessage(key, drift) })),
  );
}

function driftMessage(
  { kind, namespace, name }: ResourceKey,
  { manager, operation, time, fields }: DriftAttribution,
): string {
  const where = namespace === '' ? name : `${namespace}/${name}`;
  const when = time === undefined ? '' : ` at ${time}`;
  return `${kind} ${where}: ${fields.join(', ')} changed by ${manager} (${operation})${when}`;
}

function change(what: string, before: string | undefined, after: string | undefined): string | undefined {
  if (after === undefined || before === after) return undefined;
  return `Updated ${what} status: ${before === undefined ? after : `${before} -> ${after}`}`;
}
