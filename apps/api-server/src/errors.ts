/** Errors as the HTTP edge shows them: a google.rpc.Code, its HTTP status and grpc-gateway's body (N21). */
import type { ErrorBody } from '@tiphys/api-contract';
import { isGitOpsError, redact } from '@tiphys/model';

/** google.rpc.Code to HTTP status, as grpc-gateway maps them. */
const HTTP_STATUS = {
  /** Nobody waits for the answer; the status is nginx's. */
  cancelled: { grpc: 1, http: 499 },
  invalidArgument: { grpc: 3, http: 400 },
  deadlineExceeded: { grpc: 4, http: 504 },
  notFound: { grpc: 5, http: 404 },
  alreadyExists: { grpc: 6, http: 409 },
  permissionDenied: { grpc: 7, http: 403 },
  resourceExhausted: { grpc: 8, http: 429 },
  failedPrecondition: { grpc: 9, http: 400 },
  aborted: { grpc: 10, http: 409 },
  /** As Kubernetes answers a `continue` that is no longer known; google.rpc has no code of its own for it. */
  expired: { grpc: 11, http: 410 },
  unimplemented: { grpc: 12, http: 501 },
  internal: { grpc: 13, http: 500 },
  unavailable: { grpc: 14, http: 503 },
  unauthenticated: { grpc: 16, http: 401 },
} as const;

export type ApiErrorKind = keyof typeof HTTP_STATUS;

/** A request that cannot be served; the message tells the user what to do next. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ApiErrorKind, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'ApiError';
    this.kind = kind;
    this.headers = headers;
  }
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** True: a defect or an outage of ours, to be logged with its stack. */
  readonly unexpected: boolean;
}

/** Any thrown value as an answer. Unknown errors do not show their text: it may hold what the caller must not see (S22). */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof ApiError) {
    const { grpc, http } = HTTP_STATUS[error.kind];
    return answer({ http, grpc }, error.message, { headers: error.headers });
  }
  if (isGitOpsError(error)) {
    // Our own credentials were refused: 401 would tell the user to log in again.
    if (error.code === 'Unauthenticated') return answer({ http: 502, grpc: 14 }, error.message, { unexpected: true });
    const { http, grpc } = error.policy;
    return answer({ http, grpc }, error.message, { unexpected: http >= 500 });
  }
  const framework = frameworkAnswer(error);
  if (framework !== undefined) return framework;
  const message = `internal error; look for request ${requestId} in the api-server's log`;
  return answer(HTTP_STATUS.internal, message, { unexpected: true });
}

interface AnswerOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly unexpected?: boolean;
}

interface Status {
  readonly http: number;
  readonly grpc: number;
}

function answer(status: Status, text: string, options: AnswerOptions = {}): ErrorAnswer {
  const message = redact(text);
  const { headers = {}, unexpected = false } = options;
  const body = { error: message, code: status.grpc, message };
  return { status: status.http, headers, body, unexpected };
}

interface FrameworkError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly validation?: readonly { readonly instancePath?: string; readonly message?: string }[];
  readonly validationContext?: string;
}

/** Fastify's own 4xx errors: validation, size, media type, malformed JSON, rate limit. */
function frameworkAnswer(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, validation, validationContext, message } = error as FrameworkError;
  if (validation !== undefined) {
    const problems = validation.slice(0, 5).map((entry) => describeProblem(entry));
    return answer(HTTP_STATUS.invalidArgument, `invalid ${validationContext ?? 'request'}: ${problems.join('; ')}`);
  }
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  const grpc = Object.values(HTTP_STATUS).find(({ http }) => http === statusCode)?.grpc ?? 3;
  return answer({ http: statusCode, grpc }, message);
}

function describeProblem({ instancePath, message }: { instancePath?: string; message?: string }): string {
  const field = (instancePath ?? '').replace(/^\//, '').replaceAll('/', '.');
  return field === '' ? (message ?? 'is not valid') : `${field} ${message ?? 'is not valid'}`;
}
