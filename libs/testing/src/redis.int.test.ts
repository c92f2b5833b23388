import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisCommand, startRedis } from './redis.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis({ password: 'se cret' });
});
afterAll(() => redis.stop());

describe('startRedis', () => {
  it('keeps values until flushAll', async () => {
    expect(await redisCommand(redis, ['SET', 'key', 'value'])).toBe('OK');
    expect(await redisCommand(redis, ['DBSIZE'])).toBe('1');
    await redis.flushAll();
    expect(await redisCommand(redis, ['DBSIZE'])).toBe('0');
  });

  it('demands the password', async () => {
    const wrong = redisCommand({ ...redis, password: 'wrong' }, ['PING']);
    await expect(wrong).rejects.toThrow('WRONGPASS');
  });

  it('is gone after stop', async () => {
    const other = await startRedis();
    await other.stop();
    await expect(redisCommand(other, ['PING'])).rejects.toThrow('ECONNREFUSED');
  });
});
