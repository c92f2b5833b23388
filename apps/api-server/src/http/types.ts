/** What our plugins add to Fastify's own objects. */
import type { AuditedOperation } from '../audit/entry.js';
import type { AuditScope } from '../audit/scope.js';
import type { Subject } from './context.js';
import type { OpenStreams } from './stream.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the auth plugin when the request carries a valid session. */
    user: Subject | undefined;
    /** The token as sent, verified or not. */
    sessionToken: string | undefined;
    /** What the audit log learns of this request. */
    auditScope: AuditScope | undefined;
    /** Leaves the audit line of a request that became a websocket: it has no answer that would leave one. */
    recordUpgrade(): void;
    /** Aborted when the client goes away or the request took too long. */
    deadline: AbortSignal;
    /** Whether the session of this request is still valid. */
    recheckSession(): Promise<boolean>;
  }

  interface FastifyInstance {
    streams: OpenStreams;
    sessionRecheckMs: number;
  }

  interface FastifyContextConfig {
    /** No session is needed. */
    public?: boolean;
    /** Sessions are not even looked at: what the route leads to has its own. */
    sessionless?: boolean;
    /** The operation of the contract that the route serves. */
    operation?: AuditedOperation;
    /** The body is one JSON object a line; it is read as the array of them. */
    jsonLines?: boolean;
    /** The route reads other bodies than JSON (webhooks). */
    anyContentType?: boolean;
  }
}
