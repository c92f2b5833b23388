/** Streams over real connections: a client that does not read costs nothing, and misses nothing but what is outdated. */
import { connect, type Socket } from 'node:net';
import { applicationRoutes } from '@tiphys/api-contract';
import { eventually } from '@tiphys/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApplicationDeps } from '../applications/deps.js';
import { applicationEntry, createApplicationStore } from '../applications/store.js';
import { createWatchApplications } from '../routes/applications/watch.js';
import { bindStream } from './bind.js';
import type { Subject } from './context.js';
import type { StreamHandler } from './handler.js';
import type {} from './types.js';

const APPLICATIONS = 200;
const BYTES_EACH = 50_000;
const ROUNDS = 20;

const store = createApplicationStore();
const user: Subject = {
  ...{ username: 'admin', issuer: 'argocd', groups: [], issuedAt: 0, expiresAt: undefined, tokenId: undefined },
};
let app: FastifyInstance;
let port: number;
let isPermitted = true;
const sockets: Socket[] = [];

beforeEach(async () => {
  isPermitted = true;
  app = Fastify();
  app.decorate('streams', new Set<{ close(): void }>());
  app.decorate('sessionRecheckMs', 20);
  app.decorateRequest('user', undefined);
  app.decorateRequest('recheckSession', async () => true);
  app.addHook('onRequest', async (request) => {
    request.user = user;
  });
  app.server.on('connection', (socket: Socket) => void sockets.push(socket));
});

afterEach(async () => {
  for (const stream of app.streams) stream.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function listen(handler: StreamHandler<(typeof applicationRoutes.watch)['schemas']>): Promise<void> {
  bindStream(app, applicationRoutes.watch, handler);
  await app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = app.server.address() as { port: number });
}

function announce(round: number): void {
  for (let index = 0; index < APPLICATIONS; index += 1) {
    const resourceVersion = String(round * APPLICATIONS + index + 1);
    const labels = { round: String(round) };
    const metadata = { name: `app-${index}`, namespace: 'argocd', resourceVersion, labels };
    const spec = { project: 'default', destination: {}, filler: `${round}${'x'.repeat(BYTES_EACH)}` };
    store.put(applicationEntry({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec }));
  }
}

/** A connection that asks and reads nothing until it is told to. */
function ask(headers = ''): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.pause();
  socket.write(`GET /api/v1/stream/applications HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return socket;
}

/** The newest round that the reader was told for each application. */
function roundsSeen(socket: Socket): Map<string, string> {
  const rounds = new Map<string, string>();
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name = '', round = ''] = /"name":"(app-\d+)".*?"round":"(\d+)"/.exec(line) ?? [];
      if (name !== '') rounds.set(name, round);
    }
  });
  socket.resume();
  return rounds;
}

const waiting = () => Math.max(...sockets.map((socket) => socket.writableLength));

describe('a stream of applications', () => {
  it('does not grow with a client that never reads, while another sees every application (S17, N19)', async () => {
    const deps = { store, authorizer: () => true, namespace: 'argocd' } as unknown as ApplicationDeps;
    await listen(createWatchApplications(deps));
    announce(0);
    const slow = ask();
    await eventually(() => expect(waiting()).toBeGreaterThan(0));
    const quick = ask();
    const seen = roundsSeen(quick);
    let most = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      announce(round);
      await eventually(() =>
        expect([...seen.values()].filter((value) => value === String(round))).toHaveLength(APPLICATIONS),
      );
      most = Math.max(most, waiting());
    }
    // 200 MB were announced; one item waits at most for each of the two connections, with what the kernel's buffers took.
    expect(most).toBeLessThan(4 * BYTES_EACH);
    // Who wakes up late is told of the present, not of the past.
    const late = roundsSeen(slow);
    await eventually(() => {
      expect(late.size).toBe(APPLICATIONS);
      expect(new Set(late.values())).toEqual(new Set([String(ROUNDS)]));
    });
  });

  it('ends when the permission it was opened with is gone (S17), and cleans up behind itself', async () => {
    let ended = false;
    async function* items(signal: AbortSignal): AsyncGenerator<{ serialized: string }, void> {
      try {
        yield { serialized: '{}' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      } finally {
        ended = true;
      }
    }
    await listen(async (_, { signal }) => ({ items: items(signal), isPermitted: () => isPermitted }));
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/stream/applications`);
    expect(app.streams.size).toBe(1);
    isPermitted = false;
    expect(await answer.text()).toBe('{"result":{}}\n');
    expect([ended, app.streams.size]).toEqual([true, 0]);
  });

  it('sends an error after the first item as an item, one before it as an ordinary answer', async () => {
    async function* failing(): AsyncGenerator<{ serialized: string }, void> {
      yield { serialized: '{}' };
      throw new Error('it broke');
    }
    await listen(async ({ query }) => {
      if (query.name === 'none') throw Object.assign(new Error('refused'), { statusCode: 403 });
      return { items: failing(), isPermitted: () => true };
    });
    const url = `http://127.0.0.1:${port}/api/v1/stream/applications`;
    expect((await fetch(`${url}?name=none`)).status).toBe(403);
    const answer = await fetch(url, { headers: { accept: 'text/event-stream' } });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const [first, second] = (await answer.text()).trim().split('\n\n');
    expect(first).toBe('data: {"result":{}}');
    expect(JSON.parse((second ?? '').replace('data: ', ''))).toEqual({
      error: {
        ...{ code: 13, grpc_code: 13, http_code: 500, http_status: 'Internal Server Error' },
        error: expect.stringContaining('internal error'),
        message: expect.stringContaining('request'),
      },
    });
  });
});
