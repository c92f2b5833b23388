/** What is being worked on: carried along every await, so that log lines and metrics far below can name it. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface WorkScope {
  /** Of the REST request that started the work; crosses to other services as `x-request-id`. */
  readonly requestId?: string;
  /** The application that is compared, synced or deleted. */
  readonly application?: ScopedApplication;
}

export interface ScopedApplication {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
  /** The running operation changes nothing. */
  readonly dryRun: boolean;
}

const storage = new AsyncLocalStorage<WorkScope>();

/** Runs `work`, and everything that it starts, in this scope. What the scope does not name is kept from around it. */
export function inScope<T>(scope: WorkScope, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...scope }, work);
}

const outside = AsyncLocalStorage.snapshot();

/** For work that outlives who starts it (watches, caches): it belongs to no request, no application and no trace. */
export function outOfScope<T>(work: () => T): T {
  return outside(work);
}

export function currentScope(): WorkScope {
  return storage.getStore() ?? NONE;
}

const NONE: WorkScope = {};

/** The header of HTTP and gRPC requests that carries the id of the request. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** Ids come from outside: other texts than these are replaced by an own one. */
export function isRequestId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(text);
}
