/** Changes of Application objects to queue entries. Our own status writes must not wake us again: idle is free. */
import { ANNOTATIONS, type Application, COMPARE_LEVELS } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import { keyOf } from '../identity.js';
import { isSkipped } from '../paused.js';

export interface ApplicationChange {
  readonly current: Application | undefined;
  readonly previous: Application | undefined;
}

export interface Triggered {
  readonly refresh: Enqueue | undefined;
  readonly operation: Enqueue | undefined;
}

const level = (name: (typeof COMPARE_LEVELS)[number]): number => COMPARE_LEVELS.indexOf(name);

/** What a change of an Application asks for. Status changes ask for nothing. */
export function triggersOf({ current, previous }: ApplicationChange): Triggered {
  const app = current ?? previous;
  if (app === undefined) return { refresh: undefined, operation: undefined };
  const key = keyOf(app);
  if (current === undefined) return { refresh: { key, priority: 'dependency' }, operation: undefined };
  return { refresh: refreshOf(key, current, previous), operation: operationOf(key, current, previous) };
}

function refreshOf(key: string, current: Application, previous: Application | undefined): Enqueue | undefined {
  const asked = current.metadata.annotations?.[ANNOTATIONS.refresh];
  if (asked !== undefined && asked !== previous?.metadata.annotations?.[ANNOTATIONS.refresh]) {
    return {
      key,
      priority: 'person',
      request: { level: level('latestForceResolve'), hardness: asked === 'hard' ? 1 : 0, since: 0 },
    };
  }
  if (previous === undefined)
    return { key, priority: 'periodic', request: { level: level('latest'), hardness: 0, since: 0 } };
  // What was pushed while it was skipped was not looked at (A25).
  if (!sameJson(current.spec, previous.spec) || (isSkipped(previous) && !isSkipped(current)))
    return { key, priority: 'person', request: { level: level('latestForceResolve'), hardness: 0, since: 0 } };
  if (!sameJson(decisionAnnotations(current), decisionAnnotations(previous))) {
    return { key, priority: 'person', request: { level: level('latest'), hardness: 0, since: 0 } };
  }
  return undefined;
}

function operationOf(key: string, current: Application, previous: Application | undefined): Enqueue | undefined {
  const changed = (state: (app: Application) => unknown): boolean =>
    state(current) !== undefined && !sameJson(state(current), previous === undefined ? undefined : state(previous));
  const isResumed = previous !== undefined && isSkipped(previous) && !isSkipped(current);
  if (isResumed && (current.operation !== undefined || deletionOf(current) !== undefined))
    return { key, priority: 'person' };
  if (changed(deletionOf) || changed(terminationOf)) return { key, priority: 'person' };
  return changed((app) => app.operation) ? { key, priority: priorityOf(current) } : undefined;
}

function deletionOf({ metadata }: Application): unknown {
  return metadata.deletionTimestamp === undefined ? undefined : [metadata.deletionTimestamp, metadata.finalizers];
}

function terminationOf(app: Application): unknown {
  return app.status?.operationState?.phase === 'Terminating' ? true : undefined;
}

function priorityOf(app: Application): Enqueue['priority'] {
  return app.operation?.initiatedBy?.automated === true ? 'selfHeal' : 'person';
}

/** Annotations that change a decision: rollback hold, limits, approval, skip-reconcile, compare options. */
function decisionAnnotations(app: Application): readonly (string | undefined)[] {
  const names = [
    ANNOTATIONS.rollbackHold,
    ANNOTATIONS.pruneLimit,
    ANNOTATIONS.cascadeLimit,
    ANNOTATIONS.deletionApproved,
    ANNOTATIONS.skipReconcile,
    ANNOTATIONS.compareOptions,
  ];
  return names.map((name) => app.metadata.annotations?.[name]);
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
