/** Whose requests a limiter counts together. */
import type { FastifyRequest } from 'fastify';

/** The client's address; a client that has left meanwhile has none, whatever the type says. */
export function clientAddress({ ip }: FastifyRequest): string {
  return (ip as string | undefined) ?? '';
}
