/** All that Redis holds, values of every type. */
import { type RedisInfo, redisCommand } from '@tiphys/testing';

const KEYS = "return table.concat(redis.call('keys', '*'), '\\n')";
/** Of any type of value, all its texts as hex digits. */
const VALUE = `
local kind = redis.call('type', KEYS[1]).ok
local parts = {}
if kind == 'string' then parts = { redis.call('get', KEYS[1]) }
elseif kind == 'hash' then parts = redis.call('hgetall', KEYS[1])
elseif kind == 'list' then parts = redis.call('lrange', KEYS[1], 0, -1)
elseif kind == 'set' then parts = redis.call('smembers', KEYS[1])
elseif kind == 'zset' then parts = redis.call('zrange', KEYS[1], 0, -1)
elseif kind == 'stream' then
  for _, entry in ipairs(redis.call('xrange', KEYS[1], '-', '+')) do
    for _, text in ipairs(entry[2]) do table.insert(parts, text) end
  end
end
return (table.concat(parts, '\\n'):gsub('.', function(c) return string.format('%02x', c:byte()) end))
`;

export interface RedisEntry {
  readonly key: string;
  readonly text: string;
}

export async function redisContents(redis: RedisInfo): Promise<readonly RedisEntry[]> {
  const keys = withoutLength(await redisCommand(redis, ['EVAL', KEYS, '0'])).split('\n');
  return Promise.all(
    keys.map(async (key) => {
      const digits = withoutLength(await redisCommand(redis, ['EVAL', VALUE, '1', key]));
      return { key, text: Buffer.from(digits, 'hex').toString('latin1') };
    }),
  );
}

/** A bulk text without its `<length>\r\n`. */
function withoutLength(answer: string): string {
  return answer.slice(answer.indexOf('\r\n') + 2);
}
