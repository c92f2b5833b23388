/** What the audit log learns while a request is served: it follows the request through every asynchronous call. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { KubernetesObject } from '@tiphys/model';
import { inScope } from '@tiphys/runtime';

/** One object that the request wrote; undefined: it was not there before, or is not there any more. */
export interface ObjectChange {
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}

export interface AuditScope {
  readonly requestId: string;
  readonly changes: ObjectChange[];
  /** Objects as the request read them, by kind, namespace and name. */
  readonly reads: Map<string, KubernetesObject>;
  /** Why the request was refused or failed, as its answer says it. */
  reason?: string;
  /** The object, where neither path nor body name it. */
  object?: string;
}

const storage = new AsyncLocalStorage<AuditScope>();

export function newScope(requestId: string): AuditScope {
  return { requestId, changes: [], reads: new Map() };
}

/** Everything that `work` starts belongs to the scope; lines of the log name the request. */
export function withScope(scope: AuditScope, work: () => void): void {
  inScope({ requestId: scope.requestId }, () => storage.run(scope, work));
}

/** Undefined outside of requests: watches, timers. */
export function currentScope(): AuditScope | undefined {
  return storage.getStore();
}
