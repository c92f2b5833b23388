/** Fastify: authentication, REST and streams; writes custom resources. */
export {};
