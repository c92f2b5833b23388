/** Whether a browser reached us over TLS. */
import type { FastifyRequest } from 'fastify';

/** The client's connection, to us or to a proxy before us. A client that claims it only gets stricter headers and cookies. */
export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
}
