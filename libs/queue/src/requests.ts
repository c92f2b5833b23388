/**
 * Requests and priorities beside the jobs, merged by maximum in Redis. A job carries its key only, because BullMQ keeps
 * the latest data of a deduplicated job: a hard refresh followed by a normal one would be lost.
 */
import type { Redis } from 'ioredis';
import { keyId, queueKeys, timerId } from './ids.js';
import { type Enqueue, type PendingRequest, PRIORITIES, type QueueRequest } from './ports.js';

/** What a merge found and left: priority numbers, lower is stronger, 0 is none. */
export interface MergedPriority {
  readonly previous: number;
  readonly merged: number;
}

export interface RequestStore {
  /** Stores requests and priorities of entries with distinct keys; one round trip, in the order of the entries. */
  merge(entries: readonly Enqueue[]): Promise<readonly MergedPriority[]>;
  read(key: string): Promise<PendingRequest | undefined>;
  acknowledge(key: string, token: string): Promise<void>;
  /** The job of the key has started: the priority of the next one starts from nothing. */
  forgetPriority(key: string): Promise<void>;
  mergeTimer(key: string, request: QueueRequest): Promise<void>;
  /** Moves the request of the key's timer to the key. */
  fireTimer(key: string): Promise<void>;
}

const NO_REQUEST = '';

/**
 * A request is stored as `level hardness since token`. The token is the server's time in microseconds, always above the
 * previous one: after FLUSHALL no token of before can be met again.
 */
const MERGE_FUNCTION = `
local function merge(hash, field, level, hardness, since)
  local current = redis.call('HGET', hash, field)
  local time = redis.call('TIME')
  local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
  if current then
    local l, h, s, t = string.match(current, '^(%S+) (%S+) (%S+) (%S+)$')
    level = math.max(level, tonumber(l))
    hardness = math.max(hardness, tonumber(h))
    since = math.max(since, tonumber(s))
    token = math.max(token, tonumber(t) + 1)
  end
  redis.call('HSET', hash, field, string.format('%.0f %.0f %.0f %.0f', level, hardness, since, token))
end
`;

/** KEYS: requests, priorities. ARGV: for each entry field, priority, request. Returns previous and merged priority of each. */
const MERGE_SCRIPT = `${MERGE_FUNCTION}
local result = {}
for i = 1, #ARGV, 3 do
  local field, priority, request = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  if request ~= '' then
    local level, hardness, since = string.match(request, '^(%S+) (%S+) (%S+)$')
    merge(KEYS[1], field, tonumber(level), tonumber(hardness), tonumber(since))
  end
  local previous = tonumber(redis.call('HGET', KEYS[2], field) or '0')
  local merged = priority
  if previous ~= 0 and previous < priority then merged = previous end
  if merged ~= previous then redis.call('HSET', KEYS[2], field, merged) end
  result[#result + 1] = previous
  result[#result + 1] = merged
end
return result`;

/** KEYS: requests. ARGV: field, request. */
const MERGE_ONE_SCRIPT = `${MERGE_FUNCTION}
local level, hardness, since = string.match(ARGV[2], '^(%S+) (%S+) (%S+)$')
merge(KEYS[1], ARGV[1], tonumber(level), tonumber(hardness), tonumber(since))
return 1`;

/** KEYS: requests. ARGV: field of the timer, field of the key. */
const FIRE_SCRIPT = `${MERGE_FUNCTION}
local pending = redis.call('HGET', KEYS[1], ARGV[1])
if not pending then return 0 end
local level, hardness, since = string.match(pending, '^(%S+) (%S+) (%S+)')
merge(KEYS[1], ARGV[2], tonumber(level), tonumber(hardness), tonumber(since))
redis.call('HDEL', KEYS[1], ARGV[1])
return 1`;

/** KEYS: requests. ARGV: field, token. Keeps a request that arrived after the token was read. */
const ACKNOWLEDGE_SCRIPT = `
local current = redis.call('HGET', KEYS[1], ARGV[1])
if current and string.match(current, '(%S+)$') == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0`;

export function createRequestStore(redis: Redis, queueName: string): RequestStore {
  const keys = queueKeys(queueName);
  return {
    merge: async (entries) => {
      if (entries.length === 0) return [];
      const values = entries.flatMap(({ key, priority, request }) => [keyId(key), PRIORITIES[priority], pack(request)]);
      const flat = (await redis.eval(MERGE_SCRIPT, 2, keys.requests, keys.priorities, ...values)) as number[];
      return entries.map((_, index) => ({ previous: flat[index * 2] ?? 0, merged: flat[index * 2 + 1] ?? 0 }));
    },
    read: async (key) => unpack(await redis.hget(keys.requests, keyId(key))),
    acknowledge: async (key, token) => {
      await redis.eval(ACKNOWLEDGE_SCRIPT, 1, keys.requests, keyId(key), token);
    },
    forgetPriority: async (key) => {
      await redis.hdel(keys.priorities, keyId(key));
    },
    mergeTimer: async (key, request) => {
      await redis.eval(MERGE_ONE_SCRIPT, 1, keys.requests, timerId(key), pack(request));
    },
    fireTimer: async (key) => {
      await redis.eval(FIRE_SCRIPT, 1, keys.requests, timerId(key), keyId(key));
    },
  };
}

function pack(request: QueueRequest | undefined): string {
  return request === undefined ? NO_REQUEST : `${request.level} ${request.hardness} ${request.since}`;
}

function unpack(text: string | null): PendingRequest | undefined {
  const [level, hardness, since, token] = text?.split(' ') ?? [];
  if (token === undefined) return undefined;
  return { level: Number(level), hardness: Number(hardness), since: Number(since), token };
}
