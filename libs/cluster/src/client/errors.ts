/** Translates what an API server or the network answered into GitOpsErrors: what happened, and what to do next. */
import { GitOpsError, type GitOpsErrorOptions } from '@tiphys/model';

/** The API server's `Status` object, as far as decisions need it. */
export interface KubeStatus {
  /** HTTP status code. */
  readonly code: number;
  /** Machine reason, for example `AlreadyExists` or `Expired`; may be empty. */
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
}

/** The cause of a {@link GitOpsError} that came from an answer of the API server. */
export class KubeStatusError extends Error {
  readonly status: KubeStatus;

  constructor(status: KubeStatus) {
    super(status.message);
    this.name = 'KubeStatusError';
    this.status = status;
  }
}

/** The API server's answer behind an error; undefined for network failures and for other errors. */
export function kubeStatusOf(error: unknown): KubeStatus | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.name === 'KubeStatusError' ? (cause as KubeStatusError).status : undefined;
}

/** 410: a resourceVersion or continue token is too old; list again. */
export function isExpired(error: unknown): boolean {
  return kubeStatusOf(error)?.code === 410;
}

export interface FailedRequest {
  readonly server: string;
  readonly method: string;
  readonly path: string;
}

interface Translation {
  readonly code: GitOpsError['code'];
  readonly hint: string;
}

const TRANSLATIONS: Readonly<Record<number, Translation>> = {
  401: { code: 'Unauthenticated', hint: 'check the credentials of the cluster; they may have been rotated' },
  403: { code: 'PermissionDenied', hint: 'grant the service account of Tiphys this permission' },
  404: { code: 'NotFound', hint: 'check the name, the namespace and whether the kind is installed' },
  409: { code: 'Conflict', hint: 'read the object again and retry' },
  429: { code: 'Upstream', hint: 'the API server asks for fewer requests; it is retried later' },
};
const INVALID: Translation = { code: 'InvalidSpec', hint: 'correct the manifest' };
const UPSTREAM: Translation = { code: 'Upstream', hint: 'it is retried; if it lasts, look at the API server' };

/** The error of an answer with a status code of 400 or above. */
export function statusError(request: FailedRequest, status: KubeStatus, retryAfterMs: number | undefined): GitOpsError {
  const cause = new KubeStatusError(status);
  if (status.causes.some((entry) => entry.reason === 'NamespaceTerminating')) {
    return new GitOpsError('Waiting', `${status.message}; it is retried when the namespace is gone`, {
      cause,
      retry: { afterMs: 2_000 },
    });
  }
  const { code, hint } = translationOf(status.code);
  const options: GitOpsErrorOptions =
    code === 'Upstream' && retryAfterMs !== undefined ? { cause, retry: { afterMs: retryAfterMs } } : { cause };
  return new GitOpsError(code, `${describe(request)}: ${status.message || `status ${status.code}`} (${hint})`, options);
}

/** The error of a request that got no answer. */
export function networkError(request: FailedRequest, error: unknown): GitOpsError {
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return new GitOpsError(
    'Upstream',
    `${describe(request)}: no answer from the API server ${request.server} (${reason}); check its address, its certificate and the network; it is retried`,
    { cause: error },
  );
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. */
export function retryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Reads a `Status` object, or any other body, of a failed answer. */
export function parseStatus(code: number, body: string): KubeStatus {
  const empty = { code, reason: '', message: body.slice(0, 500), causes: [] };
  if (!body.startsWith('{')) return empty;
  try {
    const parsed = JSON.parse(body) as {
      readonly reason?: string;
      readonly message?: string;
      readonly details?: { readonly causes?: KubeStatus['causes'] };
    };
    const message = typeof parsed.message === 'string' ? parsed.message : empty.message;
    return { code, reason: parsed.reason ?? '', message, causes: parsed.details?.causes ?? [] };
  } catch {
    return empty;
  }
}

function translationOf(code: number): Translation {
  const known = TRANSLATIONS[code];
  if (known !== undefined) return known;
  return code >= 400 && code < 500 && code !== 408 && code !== 410 ? INVALID : UPSTREAM;
}

function describe({ method, path }: FailedRequest): string {
  const question = path.indexOf('?');
  return `${method} ${question < 0 ? path : path.slice(0, question)}`;
}

function reasonOf(error: Error): string {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && !error.message.includes(code) ? `${code}: ${error.message}` : error.message;
}
