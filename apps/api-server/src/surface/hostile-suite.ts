/** One bad request never ends the process, and is no error of ours (S14, S12): bodies, queries, headers and bytes of all kinds. */
import { beforeAll, describe, expect, it } from 'vitest';
import { operations, urlOf } from './operations.js';
import { exchange, type RequestLines, requestBytes, statusOf } from './raw-http.js';
import type { World } from './world.js';

const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

/** Each is sent to every operation that has a body. */
const BODIES: readonly (readonly [string, string | Buffer])[] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '1e309'],
  ['a text', '"text"'],
  ['a list', '[]'],
  ['an open object', '{"a":'],
  ['two objects', '{}{}'],
  ['deep lists', nested('[', ']', 50_000)],
  ['deep objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ['deep objects within the limit', `${'{"spec":'.repeat(150)}1${'}'.repeat(150)}`],
  ['huge numbers', '{"id":1e400,"expiresIn":-1e400,"shard":123456789012345678901234567890,"depth":1e-400}'],
  ['a prototype', '{"__proto__":{"admin":true}}'],
  ['a constructor', '{"constructor":{"prototype":{"admin":true}}}'],
  ['names of methods', '{"toString":1,"hasOwnProperty":2,"valueOf":[],"then":"x","toJSON":"y"}'],
  ['NUL characters', '{"name":"a\\u0000b","project":"\\u0000","repo":"\\u0000","url":"\\u0000","action":"\\u0000"}'],
  ['lone surrogates', '{"name":"\\ud800","metadata":{"name":"\\udfff"},"patch":"\\ud800"}'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['a byte order mark', '\ufeff{}'],
  ['wrong types', '{"name":{},"metadata":[],"spec":"x","items":{},"project":[],"repo":[],"url":{},"patch":1}'],
  ['names that are too long', `{"name":"${'a'.repeat(70_000)}","metadata":{"name":"${'b'.repeat(70_000)}"}}`],
  ['the same key twice', '{"name":"a","name":{"b":1}}'],
];

/** Each is put behind the path of every operation. */
const QUERIES: readonly (readonly [string, string])[] = [
  [
    'every flag and number as a list',
    'upsert=a&upsert=b&validate=1&validate=2&refresh=x&refresh=y&force=&cascade=maybe&tailLines=1e9',
  ],
  ['prototype keys', '__proto__=1&constructor=2&__proto__[a]=3&toString=4&prototype[b]=5'],
  ['brackets and dots', 'a[b][c]=1&name[]=2&project[0]=3&fields.x=4'],
  ['NUL and broken escapes', 'name=%00&project=%E0%A4%A&selector=%FF%FE&fields=%'],
  ['one name many times', Array.from({ length: 2_000 }, () => 'projects=a').join('&')],
  ['odd masks', 'fields=-,,.,..,items.,.items,-items.metadata.*,__proto__.a,constructor'],
  [
    'odd selectors',
    'selector=!!!,a==b==c,in (,),=,a notin (),(((&repo=%0a&search=%5B&sort=__proto__&limit=-1&continue=x',
  ],
  ['odd numbers', 'limit=1e309&tailLines=-9223372036854775809&sinceSeconds=99999999999999999999&sourceIndex=1.5'],
];

/** In place of every parameter of a path. */
const NAMES: readonly string[] = [
  '%00',
  '..%2f..%2fetc',
  '%E0%A4%A',
  'a'.repeat(2_000),
  '%F0%9F%92%A9',
  '__proto__',
  '%0d%0ax:y',
  '*',
];

const json = ['content-type: application/json'];
const SOCKETS: readonly (readonly [string, RequestLines | string])[] = [
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00'],
  ['an unknown method', { method: 'BREW', path: '/api/version' }],
  ['TRACE', { method: 'TRACE', path: '/api/version' }],
  ['a path without a slash', { path: 'api/version' }],
  ['a path of control characters', { path: '/api/\x01\x02' }],
  ['a path in absolute form', { path: 'http://other.invalid/api/version' }],
  ['a very long path', { path: `/api/v1/applications/${'a'.repeat(9_000)}` }],
  ['headers of 100 KiB', { path: '/api/version', headers: [`x-large: ${'a'.repeat(100_000)}`] }],
  ['five thousand headers', { path: '/api/version', headers: Array.from({ length: 5_000 }, (_, i) => `x-${i}: 1`) }],
  ['a header without a name', { path: '/api/version', headers: [': x'] }],
  ['two lengths', { method: 'POST', path: '/api/v1/session', headers: [...json, 'content-length: 5'], body: '{}' }],
  ['a negative length', { method: 'POST', path: '/api/v1/session', headers: json, body: '{}', length: '-1' }],
  [
    'a length that is no number',
    { method: 'POST', path: '/api/v1/session', headers: json, body: '{}', length: 'many' },
  ],
  [
    'a length that is too large',
    { method: 'POST', path: '/api/v1/session', headers: json, body: '{}', length: '99999999999' },
  ],
  [
    'a length that is too small',
    { method: 'POST', path: '/api/v1/session', headers: json, body: '{"username":"a"}', length: '3' },
  ],
  [
    'length and chunks',
    { method: 'POST', path: '/api/v1/session', headers: [...json, 'transfer-encoding: chunked'], body: '0\r\n\r\n' },
  ],
  [
    'broken chunks',
    'POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  ],
  [
    'a coding that is not known',
    { method: 'POST', path: '/api/v1/session', headers: [...json, 'content-encoding: gzip'], body: '{}' },
  ],
  [
    'a charset that is not known',
    { method: 'POST', path: '/api/v1/session', headers: ['content-type: application/json; charset=utf-7'], body: '{}' },
  ],
  ['an expectation', { method: 'POST', path: '/api/v1/session', headers: [...json, 'expect: the best'], body: '{}' }],
  ['an upgrade', { path: '/api/v1/applications', headers: ['connection: upgrade', 'upgrade: h2c'] }],
  ['a token of 1 MiB', { path: '/api/v1/session/userinfo', headers: [`authorization: Bearer ${'a.'.repeat(7_000)}`] }],
  [
    'a token of odd characters',
    {
      path: '/api/v1/session/userinfo',
      headers: ['authorization: Bearer \xff\xfe', 'cookie: argocd.token=%E0%A4%A; ;=;'],
    },
  ],
  ['a host that is none', 'GET /api/version HTTP/1.1\r\nhost: a b\r\n\r\n'],
  ['no host', 'GET /api/version HTTP/1.1\r\n\r\n'],
];

export function describeHostileInput(world: () => World): void {
  let port = 0;
  let before = 0;

  const send = async (what: string, lines: RequestLines): Promise<number | undefined> => {
    const authorization = `authorization: Bearer ${world().callers.admin.token}`;
    const answer = await exchange(port, requestBytes({ ...lines, headers: [...(lines.headers ?? []), authorization] }));
    const status = statusOf(answer);
    world().client.keep({ who: 'admin', what, status: status ?? 0, text: answer });
    expect(status, `${what}: ${answer.slice(0, 500)}`).toBeDefined();
    expect(status, `${what}: ${answer.slice(0, 500)}`).toBeLessThan(500);
    return status;
  };

  describe('bad requests are answered, and nothing else happens (S14)', () => {
    beforeAll(() => {
      const [address] = world().server.app.addresses();
      port = typeof address === 'object' ? address.port : 0;
      before = world().logs()['api-server']?.length ?? 0;
    });

    it.each(BODIES)('a body that is %s', async (_, body) => {
      const writes = [...operations.values()].filter(({ schemas, stream }) => schemas.body !== undefined && !stream);
      await inTurns(writes, async ({ operationId, method, ...route }) => {
        const path = urlOf({ operationId, method, ...route }, { params: { name: 'shop' } });
        await send(operationId, { method, path, headers: json, body });
      });
    });

    it.each(QUERIES)('%s', async (_, query) => {
      const reads = [...operations.values()].filter(({ stream, method }) => stream !== true && method === 'GET');
      await inTurns(reads, async (route) => {
        await send(route.operationId, { path: `${urlOf(route, { params: { name: 'shop' } })}?${query}` });
      });
    });

    it.each(NAMES.map((name) => [name.slice(0, 30), name] as const))('the name %s', async (_, name) => {
      const named = [...operations.values()].filter(({ path, stream }) => stream !== true && path.includes('{'));
      await inTurns(named, async ({ operationId, method, path }) => {
        const url = path.replace(/\{[^}]+\}/g, name);
        await send(operationId, { method, path: url, headers: json, body: method === 'DELETE' ? '' : '{}' });
      });
    });

    it.each(SOCKETS)('%s', async (what, lines) => {
      const bytes = typeof lines === 'string' ? Buffer.from(lines, 'latin1') : requestBytes(lines);
      const answer = await exchange(port, bytes);
      // Closing the connection is an answer too.
      expect(statusOf(answer) ?? 400, `${what}: ${answer.slice(0, 500)}`).toBeLessThan(500);
    });

    it('bodies beyond the limit are cut off while they arrive', async () => {
      const body = `"${'a'.repeat(17 * 1024 * 1024)}"`;
      expect(await send('too large', { method: 'POST', path: '/api/v1/applications', headers: json, body })).toBe(413);
    });

    it('many values in few bytes are refused before they are built (S12)', async () => {
      const body = `{"metadata":{"name":"x"},"spec":[${'{},'.repeat(2_000_000)}{}]}`;
      expect(await send('values', { method: 'POST', path: '/api/v1/applications', headers: json, body })).toBe(413);
    });

    it('clients that leave in the middle of a request or of an answer', async () => {
      const { client, callers } = world();
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const signal = AbortSignal.timeout(index % 10);
          const url = `http://127.0.0.1:${port}/api/v1/applications/shop/manifests?noCache=true`;
          const headers = { authorization: `Bearer ${callers.admin.token}` };
          await fetch(url, { headers, signal })
            .then((answer) => answer.text())
            .catch(() => undefined);
        }),
      );
      const request = { who: 'admin', what: 'after', token: callers.admin.token, method: 'GET' };
      expect((await client.raw({ ...request, url: '/api/v1/applications/shop' })).status).toBe(200);
    });

    it('nothing of it was an error of ours', () => {
      const lines = world().logs()['api-server']?.slice(before).split('\n') ?? [];
      const errors = lines.filter((line) => line.includes('"level":"error"'));
      expect(errors, errors.join('\n')).toEqual([]);
      expect(({} as { readonly admin?: unknown }).admin).toBeUndefined();
    });
  });
}

const AT_ONCE = 8;

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work));
}
