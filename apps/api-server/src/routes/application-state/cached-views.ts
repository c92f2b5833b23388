/** Trees and managed resources as the controller published them in the authenticated cache (N02, N04). */
import { instanceNameOf, parseAppKey } from '@tiphys/model';
import { findApplication } from '../../applications/find.js';
import type { ApplicationEntry } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import { requestRefresh } from '../applications/get.js';
import type { ApplicationStateDeps } from './deps.js';

export interface ViewRequest {
  readonly name: string;
  readonly query: { readonly appNamespace?: string; readonly project?: string };
  /** Cache key of the view for an instance name. */
  readonly keyOf: (instanceName: string) => string;
}

/** How long a lost view is waited for before the caller is told to come back. */
const REBUILD_WAIT_MS = 5_000;

export interface View {
  readonly entry: ApplicationEntry;
  readonly instanceName: string;
  /** JSON text; undefined: the controller has not looked at the application yet. */
  readonly text: string | undefined;
}

/**
 * A view that Redis lost is asked for again by a refresh and waited for briefly; then the answer is 503 with a reason,
 * because an empty tree of a running application would be a lie.
 */
export async function readView(
  deps: ApplicationStateDeps,
  context: RequestContext,
  request: ViewRequest,
): Promise<View> {
  const { applications } = deps;
  const entry = findApplication(applications, context.user, { ...request.query, name: request.name, action: 'get' });
  const instanceName = instanceNameOf(parseAppKey(entry.key), applications.namespace);
  const key = request.keyOf(instanceName);
  const text = await readText(deps, key);
  if (text !== undefined || !wasCompared(entry)) return { entry, instanceName, text };
  const changed = nextChange(deps, instanceName, context.signal);
  await requestRefresh(applications, entry, { type: 'normal', signal: context.signal });
  await changed;
  const rebuilt = await readText(deps, key);
  if (rebuilt !== undefined) return { entry, instanceName, text: rebuilt };
  const reason = `the state of ${request.name} is not in the cache; it is being rebuilt by the application-controller: try again`;
  throw new ApiError('unavailable', reason, { 'retry-after': '5' });
}

export async function readText(deps: Pick<ApplicationStateDeps, 'cache'>, key: string): Promise<string | undefined> {
  const bytes = await deps.cache.get(key);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

function wasCompared({ application }: ApplicationEntry): boolean {
  return application.status?.reconciledAt !== undefined || application.status?.sync !== undefined;
}

function nextChange(deps: ApplicationStateDeps, instanceName: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REBUILD_WAIT_MS)]);
    const stop = deps.treeChanges.subscribe(instanceName, () => finish());
    const finish = (): void => {
      stop();
      limit.removeEventListener('abort', finish);
      resolve();
    };
    limit.addEventListener('abort', finish, { once: true });
  });
}
