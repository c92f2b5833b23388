/** GET /api/v1/applications/{name}; with `refresh` it waits until the controller has looked again (A24). */
import { type applicationRoutes, listOf } from '@tiphys/api-contract';
import { ANNOTATIONS, type Application, REFRESH_TYPES, type RefreshType } from '@tiphys/model';
import type { ApplicationDeps } from '../../applications/deps.js';
import { parseFieldMask } from '../../applications/field-mask.js';
import { findApplication } from '../../applications/find.js';
import { createMaskedTexts } from '../../applications/masked-texts.js';
import { type ApplicationEntry, applicationEntry } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';

type GetHandler = Handler<(typeof applicationRoutes.get)['schemas']>;

/** As long as the controller's request to the repo-server may take. */
const REFRESH_TIMEOUT_MS = 60_000;

export function createGetApplication(deps: ApplicationDeps, refreshTimeoutMs = REFRESH_TIMEOUT_MS): GetHandler {
  const texts = createMaskedTexts();
  return async ({ params, query }, { user, signal }) => {
    const project = listOf(query.project)[0] ?? listOf(query.projects)[0];
    const scope = {
      ...(query.appNamespace ? { appNamespace: query.appNamespace } : {}),
      ...(project ? { project } : {}),
    };
    const entry = findApplication(deps, user, { name: params.name, action: 'get', ...scope });
    const limits = AbortSignal.any([signal, AbortSignal.timeout(refreshTimeoutMs)]);
    const shown = query.refresh
      ? await refreshed(deps, entry, { type: refreshTypeOf(query.refresh), signal: limits })
      : entry;
    const mask = parseFieldMask(query.fields);
    return { serialized: mask === undefined ? shown.json : texts.textOf(shown, mask) };
  };
}

/** `hard` is hard; everything else (`normal`, `true`) is normal, as in Argo CD. */
export function refreshTypeOf(text: string): RefreshType {
  return text === 'hard' ? 'hard' : 'normal';
}

/** Sets the refresh annotation; a waiting hard refresh is never weakened. */
export function requestRefresh(
  deps: Pick<ApplicationDeps, 'writer'>,
  entry: ApplicationEntry,
  { type, signal }: { readonly type: RefreshType; readonly signal: AbortSignal },
): Promise<Application> {
  return deps.writer.patch(
    entry.key,
    (current) => {
      const waiting = current.metadata.annotations?.[ANNOTATIONS.refresh];
      const strongest = REFRESH_TYPES.findLast((known) => known === type || known === waiting) ?? type;
      return { metadata: { annotations: { [ANNOTATIONS.refresh]: strongest } } };
    },
    signal,
  );
}

async function refreshed(
  deps: ApplicationDeps,
  entry: ApplicationEntry,
  options: { readonly type: RefreshType; readonly signal: AbortSignal },
): Promise<ApplicationEntry> {
  const written = applicationEntry({ ...(await requestRefresh(deps, entry, options)) });
  const isDone = (candidate: ApplicationEntry): boolean =>
    candidate.resourceVersion > written.resourceVersion &&
    candidate.application.metadata.annotations?.[ANNOTATIONS.refresh] === undefined;
  return new Promise((resolve, reject) => {
    const stop = deps.store.subscribe((event) => {
      if (event.entry.key !== entry.key) return;
      if (event.type === 'DELETED')
        settle(() => reject(new ApiError('notFound', 'the application was deleted meanwhile')));
      else if (isDone(event.entry)) settle(() => resolve(event.entry));
    });
    const onAbort = (): void => settle(() => reject(notYet(entry)));
    const settle = (finish: () => void): void => {
      stop();
      options.signal.removeEventListener('abort', onAbort);
      finish();
    };
    options.signal.addEventListener('abort', onAbort, { once: true });
    const current = deps.store.get(entry.key);
    if (current !== undefined && isDone(current)) settle(() => resolve(current));
    else if (options.signal.aborted) onAbort();
  });
}

function notYet({ key }: ApplicationEntry): ApiError {
  const text = `application ${key} was not refreshed in time; the request stays: is the application-controller running?`;
  return new ApiError('deadlineExceeded', text);
}
