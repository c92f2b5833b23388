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
 * A view that Redis lost is asked for again by a refresh and waited for briefly; then the answer is an error with a reason,
 * because an empty tree of a running application would be a lie: 503, or 400 where the application's own errors are the reason.
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
  refuseBroken(deps, entry.key, ['InvalidSpecError']);
  const changed = nextChange(deps, instanceName, context.signal);
  await requestRefresh(applications, entry, { type: 'normal', signal: context.signal });
  await changed;
  const rebuilt = await readText(deps, key);
  if (rebuilt !== undefined) return { entry, instanceName, text: rebuilt };
  refuseBroken(deps, entry.key, ['ComparisonError', 'UnknownError']);
  const reason = `the state of ${request.name} is not in the cache; it is being rebuilt by the application-controller: try again`;
  throw new ApiError('unavailable', reason, { 'retry-after': '5' });
}

/** As Argo CD answers for what it could not compare. What is not valid is never compared: nobody waits for it. */
function refuseBroken({ applications }: ApplicationStateDeps, key: string, types: readonly string[]): void {
  const { metadata, status } = applications.store.get(key)?.application ?? {};
  const errors = (status?.conditions ?? []).filter(({ type }) => types.includes(type));
  if (errors.length === 0) return;
  const texts = errors.map(({ type, message }) => `${type}: ${message}`);
  const name = metadata?.name ?? '';
  throw new ApiError(
    'failedPrecondition',
    `the state of ${name} is not known because of its errors: ${texts.join('; ')}`,
  );
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
