/**
 * The one error family of Tiphys. A code decides how it is retried and how each edge (HTTP, gRPC, condition, log)
 * shows it; the table is `ERROR_POLICIES`. Guards compare `name`, so that they survive two copies of a package.
 */
import type { ConditionType } from '../codes.js';

export type RetryPolicy = 'never' | 'backoff' | { readonly afterMs: number };
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ErrorPolicy {
  readonly retry: RetryPolicy;
  readonly condition: ConditionType | undefined;
  readonly http: number;
  /** gRPC status number (google.rpc.Code). */
  readonly grpc: number;
  readonly log: LogLevel;
}

export const ERROR_CODES = [
  'InvalidSpec',
  'Unauthenticated',
  'PermissionDenied',
  'NotFound',
  'Conflict',
  'Waiting',
  'ManifestGeneration',
  'Upstream',
  'ResourceApply',
  'Internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const ERROR_POLICIES = {
  InvalidSpec: { retry: 'never', condition: 'InvalidSpecError', http: 400, grpc: 3, log: 'info' },
  Unauthenticated: { retry: 'never', condition: 'InvalidSpecError', http: 401, grpc: 16, log: 'info' },
  PermissionDenied: { retry: 'never', condition: 'InvalidSpecError', http: 403, grpc: 7, log: 'info' },
  NotFound: { retry: 'never', condition: undefined, http: 404, grpc: 5, log: 'info' },
  Conflict: { retry: { afterMs: 0 }, condition: undefined, http: 409, grpc: 10, log: 'info' },
  Waiting: { retry: { afterMs: 1_000 }, condition: undefined, http: 503, grpc: 14, log: 'debug' },
  ManifestGeneration: { retry: 'never', condition: 'ComparisonError', http: 422, grpc: 9, log: 'warn' },
  Upstream: { retry: 'backoff', condition: 'ComparisonError', http: 502, grpc: 14, log: 'warn' },
  ResourceApply: { retry: 'never', condition: 'SyncError', http: 422, grpc: 9, log: 'warn' },
  Internal: { retry: 'backoff', condition: 'UnknownError', http: 500, grpc: 13, log: 'error' },
} as const satisfies Record<ErrorCode, ErrorPolicy>;

export interface GitOpsErrorOptions {
  readonly cause?: unknown;
  /** Overrides the code's policy, for example the delay of a `Waiting`. */
  readonly retry?: RetryPolicy;
}

/** Message: what happened, on what, and what the user can do next. No secrets: edges redact it once more. */
export class GitOpsError extends Error {
  readonly code: ErrorCode;
  readonly retry: RetryPolicy;

  constructor(code: ErrorCode, message: string, options: GitOpsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GitOpsError';
    this.code = code;
    this.retry = options.retry ?? ERROR_POLICIES[code].retry;
  }

  get policy(): ErrorPolicy {
    return ERROR_POLICIES[this.code];
  }
}

export function isGitOpsError(error: unknown): error is GitOpsError {
  return error instanceof Error && error.name === 'GitOpsError' && 'code' in error;
}

/** Unknown errors become `Internal` here, once per edge. */
export function toGitOpsError(error: unknown): GitOpsError {
  if (isGitOpsError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GitOpsError('Internal', message, { cause: error });
}
