/** GitOpsErrors across gRPC: the status and two trailers carry code, message and retry policy, so that both sides see the same error. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  ERROR_CODES,
  ERROR_POLICIES,
  type ErrorCode,
  GitOpsError,
  type RetryPolicy,
  redact,
  toGitOpsError,
} from '@tiphys/model';

/** Trailer with the error code of libs/model. */
export const ERROR_CODE_TRAILER = 'tiphys-error-code';
/** Trailer with the milliseconds to wait before a retry, where the error names them. */
export const RETRY_AFTER_TRAILER = 'tiphys-retry-after-ms';

/** Trailer with the addresses of a {@link RepositoriesNeededError}. */
const NEEDED_TRAILER = 'tiphys-needed-repositories';

/** Rendering reads repositories that the request did not say how to reach: it may be repeated with them. */
export class RepositoriesNeededError extends GitOpsError {
  readonly urls: readonly string[];

  constructor(urls: readonly string[]) {
    super(
      'Waiting',
      redact(`The credentials of ${urls.join(', ').slice(0, 500)} are needed. The request is repeated with them.`),
    );
    this.urls = urls;
  }
}

/** HTTP/2 header blocks are small; a longer message would end the whole stream instead of the call. */
const MAX_MESSAGE_CHARACTERS = 3_000;

/** More are named by the next answer. */
const MAX_NEEDED = 10;

/** What a grpc-js handler hands to its callback for a failed call. The message is redacted. */
export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Any error as a gRPC failure, by the table ERROR_POLICIES. */
export function toGrpcFailure(error: unknown): GrpcFailure {
  const failure = toGitOpsError(error);
  const metadata = new Metadata();
  metadata.set(ERROR_CODE_TRAILER, failure.code);
  if (typeof failure.retry === 'object') metadata.set(RETRY_AFTER_TRAILER, String(failure.retry.afterMs));
  if (failure instanceof RepositoriesNeededError) {
    metadata.set(NEEDED_TRAILER, encodeURIComponent(JSON.stringify(failure.urls.slice(0, MAX_NEEDED))));
  }
  return { code: failure.policy.grpc, details: shorten(redact(failure.message)), metadata };
}

/** The error of a call, as the server threw it. `peer` names the server in messages about the connection. */
export function fromGrpcError(error: ServiceError, peer: string): GitOpsError {
  const code = errorCodeOf(error.metadata);
  const [needed] = error.metadata?.get(NEEDED_TRAILER) ?? [];
  if (needed !== undefined)
    return new RepositoriesNeededError(JSON.parse(decodeURIComponent(String(needed))) as string[]);
  if (code !== undefined) {
    const retry = retryOf(error.metadata);
    return new GitOpsError(code, error.details, { cause: error, ...(retry === undefined ? {} : { retry }) });
  }
  return connectionError(error, peer);
}

function connectionError(error: ServiceError, peer: string): GitOpsError {
  switch (error.code) {
    case status.UNAVAILABLE: {
      const next = 'Check that it runs and that both sides have certificates of the same authority (TIPHYS_TLS_DIR).';
      return new GitOpsError('Upstream', `${peer} cannot be reached: ${error.details}. ${next}`, { cause: error });
    }
    case status.DEADLINE_EXCEEDED:
      return new GitOpsError('Upstream', `${peer} did not answer in time. It is retried.`, { cause: error });
    case status.RESOURCE_EXHAUSTED: {
      const next = 'Split the application, or raise the message limit on both sides.';
      return new GitOpsError('ManifestGeneration', `${peer}: ${error.details}. ${next}`, { cause: error });
    }
    default:
      return new GitOpsError(codeByStatus(error.code), `${peer}: ${error.details}`, { cause: error });
  }
}

function errorCodeOf(metadata: Metadata | undefined): ErrorCode | undefined {
  const [value] = metadata?.get(ERROR_CODE_TRAILER) ?? [];
  return ERROR_CODES.find((code) => code === value);
}

function retryOf(metadata: Metadata): RetryPolicy | undefined {
  const [value] = metadata.get(RETRY_AFTER_TRAILER);
  const afterMs = Number(value);
  return value === undefined || !Number.isFinite(afterMs) ? undefined : { afterMs };
}

function codeByStatus(code: status): ErrorCode {
  return ERROR_CODES.find((candidate) => ERROR_POLICIES[candidate].grpc === code) ?? 'Internal';
}

function shorten(text: string): string {
  return text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS)} (shortened)`;
}
