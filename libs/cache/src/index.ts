/** ioredis: authenticated cache, every value bound to its key by an HMAC. */
export { type CacheOptions, createAuthenticatedCache } from './authenticated-cache.js';
export { probeProtection, type RedisProtection } from './authentication.js';
export { type ChangeFeed, type ChangeFeedOptions, type ChangeListener, createChangeFeed } from './change-feed.js';
export type * from './ports.js';
export { createRedisRequests, INITIATORS, type Initiator, type RedisRequests } from './redis-requests.js';
