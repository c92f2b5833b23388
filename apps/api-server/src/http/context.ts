/** What a handler knows about the request besides its input: who asks, and until when. No transport types. */

/** The authenticated caller. */
export interface Subject {
  readonly username: string;
  readonly issuer: string;
  readonly groups: readonly string[];
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  readonly tokenId: string | undefined;
}

export interface RequestContext {
  readonly user: Subject;
  /** Aborted when the client goes away or the request's time is over. */
  readonly signal: AbortSignal;
}

/** Public routes: the caller may be nobody. */
export interface PublicContext {
  readonly user: Subject | undefined;
  readonly signal: AbortSignal;
  readonly sourceIp: string;
  /** The session token as sent, verified or not. */
  readonly token: string | undefined;
}

/** Where a stream handler puts its items; each is the JSON text of one result. */
export interface StreamSink {
  /** Sends the headers: from here on errors can only be sent as items. */
  open(): void;
  send(json: string): void;
  /** Resolves when the client has taken what was sent, or is gone: who waits for it holds no more than one item in memory. */
  flushed(): Promise<void>;
  /** The stream ends when the answer becomes false; asked whenever the session is checked (S17). */
  endUnless(isPermitted: () => boolean): void;
}
