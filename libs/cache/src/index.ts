/** ioredis: authenticated cache, every value bound to its key by an HMAC. */
export type * from './ports.js';
