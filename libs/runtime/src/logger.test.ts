import { describe, expect, it } from 'vitest';
import { formatGoTime } from './go-time.js';
import { createLogger, type LogFormat } from './logger.js';
import { inScope } from './work-scope.js';

function capture(format: LogFormat = 'json', level: 'debug' | 'info' = 'debug') {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level, format, write: (line) => lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('a line', () => {
  it('has time, level, service, message and fields', () => {
    const { log, last } = capture();
    log.child({ app: 'argocd/guestbook' }).warn('sync failed', { attempt: 2 });
    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'test',
      app: 'argocd/guestbook',
      message: 'sync failed',
      attempt: 2,
    });
  });

  it('is left out below the level', () => {
    const { log, lines } = capture('json', 'info');
    log.debug('nothing');
    log.info('something');
    expect(lines).toHaveLength(1);
  });

  it('as text is one readable line', () => {
    const { log, lines } = capture('text');
    log.error('render failed', { app: 'guestbook', reason: 'no such file', count: 3 });
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} ERROR test render failed app=guestbook reason="no such file" count=3\n$/,
    );
  });

  it('carries an error with code and cause', () => {
    const { log, last } = capture();
    log.error('failed', {
      error: new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ENOENT' }) }),
    });
    expect(last()['error']).toMatchObject({
      name: 'Error',
      message: 'outer',
      cause: { message: 'inner', code: 'ENOENT' },
    });
  });
});

const CANARY = 'c4n4ry-value';
describe('no secret reaches a line, at debug level either (S23)', () => {
  it.each([
    { name: 'userinfo of a URL in the message', message: `fetching https://user:${CANARY}@host/repo`, fields: {} },
    { name: 'userinfo of a URL in a field', message: 'x', fields: { url: `https://${CANARY}@host/repo` } },
    { name: 'a query string', message: 'x', fields: { url: `https://host/repo?access=${CANARY}` } },
    { name: 'an authorization header', message: 'x', fields: { headers: { authorization: `Bearer ${CANARY}` } } },
    { name: 'a password field, nested', message: 'x', fields: { repository: { credentials: [{ password: CANARY }] } } },
    { name: 'a token field', message: 'x', fields: { sessionToken: CANARY } },
    { name: 'a Map', message: 'x', fields: { map: new Map([['clientSecret', CANARY]]) } },
    { name: 'an error message', message: 'x', fields: { error: new Error(`password=${CANARY} refused`) } },
    {
      name: 'the cause of an error',
      message: 'x',
      fields: { error: new Error('x', { cause: new Error(`token: ${CANARY}`) }) },
    },
    {
      name: 'a private key',
      message: 'x',
      fields: { pem: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----` },
    },
    { name: 'bytes', message: 'x', fields: { body: Buffer.from(CANARY) } },
    { name: 'fields of a child', message: 'x', fields: {}, child: { apiKey: CANARY } },
  ])('$name', ({ message, fields, child = {} }) => {
    const { log, lines } = capture();
    log.child(child).debug(message, fields);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(CANARY);
  });
});

it('whatever is logged, logging does not fail', () => {
  const { log, lines } = capture();
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  log.info('odd', { loop, big: 10n, date: new Date(Number.NaN), call: () => 1, none: undefined, set: new Set([1]) });
  expect(lines).toHaveLength(1);
});

describe('the layout of the time, log.format.timestamp (M08)', () => {
  const at = new Date('2026-03-05T14:07:09.040Z');
  it.each([
    ['2006-01-02T15:04:05Z07:00', '2026-03-05T14:07:09Z'],
    ['2006-01-02T15:04:05.000Z07:00', '2026-03-05T14:07:09.040Z'],
    ['2006-01-02T15:04:05.999999999-07:00', '2026-03-05T14:07:09.04+00:00'],
    ['Mon Jan _2 15:04:05 2006', 'Thu Mar  5 14:07:09 2026'],
    ['Monday, 02-Jan-06 15:04:05 MST', 'Thursday, 05-Mar-26 14:07:09 UTC'],
    ['1/2/2006 3:04:05 PM', '3/5/2026 2:07:09 PM'],
    ['January 02, 03:04pm', 'March 05, 02:07pm'],
    ['no element', 'no element'],
  ])('%s', (layout, expected) => expect(formatGoTime(layout, at)).toBe(expected));

  it.each([
    ['json', /"time":"\d{4}\/\d\d"/],
    ['text', /^\d{4}\/\d\d INFO {2}test hello\n$/],
  ] as const)('is that of %s lines', (format, expected) => {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    createLogger({ name: 'test', level: 'info', format, timestamp: '2006/01', write }).info('hello');
    expect(lines[0]).toMatch(expected);
  });
});

it('a line names the request that it belongs to, also below an await and in a child (M08)', async () => {
  const { log, lines, last } = capture();
  await inScope({ requestId: 'r-7' }, async () => {
    await Promise.resolve();
    log.child({ a: 1 }).info('inside');
  });
  expect(last()).toMatchObject({ requestId: 'r-7', a: 1 });
  log.info('outside');
  expect(lines).toHaveLength(2);
  expect(last()).not.toHaveProperty('requestId');
});
