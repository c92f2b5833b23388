/** What a client tells about itself, for metrics and traces. Listeners must not throw. */

/** One answered or failed request; a watch or another stream once, when it begins. */
export interface RequestReport {
  /** Of the API server, with the port where it is not the protocol's own. */
  readonly host: string;
  /** `WATCH` for streams. */
  readonly method: string;
  readonly path: string;
  /** 0: no answer. */
  readonly status: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  /** Unknown for streams and where there was no answer. */
  readonly responseBytes: number | undefined;
}

export interface ClientObserver {
  requested(report: RequestReport): void;
  /** The request is sent once more; `status` is of the answer before, 0: none. */
  retried(request: Pick<RequestReport, 'host' | 'method' | 'status'>): void;
  /** A name was resolved for a new connection. */
  resolved(host: string, durationMs: number): void;
  /** A client certificate was replaced by another. */
  certificateRotated(ageMs: number): void;
  /** Connections to a server: made, shared by another user of the client, closed. */
  transport(event: 'opened' | 'reused' | 'closed'): void;
}
