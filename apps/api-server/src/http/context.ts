/** What a handler knows about the request besides its input: who asks, and until when. No transport types. */

/** The authenticated caller. */
export interface Subject {
  /** The name that the access policy knows; empty: nobody in particular. */
  readonly username: string;
  readonly issuer: string;
  /** Of users of a login provider, where it tells. */
  readonly email?: string;
  readonly groups: readonly string[];
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  readonly tokenId: string | undefined;
}

/** The name that people know the caller by, for events and user interfaces: Argo CD prefers the e-mail address, too. */
export function displayNameOf({ email, username }: Subject): string {
  return email ?? username;
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
  /** Scheme and host as the client reached us, without a slash at the end. */
  readonly origin: string;
  /** The session token as sent, verified or not. */
  readonly token: string | undefined;
}

/** What a stream handler answers once it has accepted the request. */
export interface Stream<T> {
  /** Asked for the next item when the client has taken the one before; ends when the context's signal is aborted. */
  readonly items: AsyncIterable<T>;
  /** The stream ends when the answer becomes false; asked whenever the session is checked (S17). */
  readonly isPermitted: () => boolean;
}
