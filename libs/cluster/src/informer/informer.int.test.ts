import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { eventually, type SharedControlPlane, sharedControlPlane } from '@tiphys/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { createInformer, type Informer } from './informer.js';

const silent = (): void => undefined;
const silentLog: Logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => silentLog };
const signal = AbortSignal.timeout(300_000);

let plane: SharedControlPlane;
let direct: KubeClient;
let proxy: FaultProxy;
let client: KubeClient;
let namespace: string;
let informer: Informer<KubernetesObject>;
let changes: string[];

beforeAll(async () => {
  plane = await sharedControlPlane();
  direct = createKubeClient({ server: plane.server, name: 'direct', caData: pemOf(plane), authorization: bearer });
});
afterAll(() => direct.close());

beforeEach(async () => {
  proxy = await startFaultProxy(plane);
  client = createKubeClient({ server: proxy.url, name: 'proxied', authorization: bearer }, { watchIdleMs: 500 });
  namespace = await plane.createNamespace('informer');
  await put('first');
  changes = [];
  informer = createInformer({
    client,
    resource: RESOURCES.configMaps,
    namespace,
    labelSelector: 'test=yes',
    onChange: (type, current, previous) => changes.push(`${type} ${(current ?? previous)?.metadata.name}`),
    log: silentLog,
  });
  await informer.start(signal);
  await eventually(() => expect(proxy.openWatches()).toBe(1));
});
afterEach(async () => {
  await informer.stop();
  await client.close();
  await proxy.stop();
});

function bearer() {
  return Promise.resolve(`Bearer ${plane.adminToken}`);
}

function put(name: string) {
  const metadata = { namespace, name, labels: { test: 'yes' } };
  return direct.create(RESOURCES.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { signal });
}

function remove(name: string) {
  return direct.delete(RESOURCES.configMaps, { namespace, name }, { signal });
}

function names() {
  return informer
    .list()
    .map(({ metadata }) => metadata.name)
    .sort();
}

describe('an informer', () => {
  it('holds the initial list and follows changes', async () => {
    expect(names()).toEqual(['first']);
    expect(informer.get(namespace, 'first')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    await put('second');
    await eventually(() => expect(names()).toEqual(['first', 'second']));
    await remove('first');
    await eventually(() => expect(names()).toEqual(['second']));
    expect(changes).toEqual(['added first', 'added second', 'deleted first']);
  });

  it('resumes where the watch was cut, without a new list (R4)', async () => {
    proxy.refuse(true);
    proxy.cutWatches();
    await put('while-cut');
    await remove('first');
    proxy.refuse(false);
    await eventually(() => expect(changes).toEqual(['added first', 'added while-cut', 'deleted first']));
    expect(proxy.counts.list).toBe(1);
  });

  it.each([
    { answer: 'status' as const, name: 'an answer of 410' },
    { answer: 'event' as const, name: 'an ERROR event with code 410' },
  ])('lists again after $name and notices what was deleted meanwhile (R4)', async ({ answer }) => {
    proxy.refuse(true);
    proxy.cutWatches();
    await remove('first');
    await put('second');
    proxy.expireNextWatch(answer);
    proxy.refuse(false);
    await eventually(() => expect(names()).toEqual(['second']));
    expect(changes).toContain('deleted first');
    expect(proxy.counts.list).toBe(2);
  });

  it('takes a silent watch for dead and opens another (R4)', async () => {
    proxy.stallWatches();
    await put('unheard');
    await eventually(() => expect(names()).toEqual(['first', 'unheard']));
    expect(proxy.counts.list).toBe(1);
    expect(proxy.counts.watch).toBeGreaterThan(1);
  });

  it('waits as long as the server asks after 429, and then goes on (R18)', async () => {
    const before = proxy.counts.list;
    proxy.rejectNext(2, { status: 429, retryAfter: '0' });
    const page = await client.list(RESOURCES.configMaps, { namespace, signal });
    expect(page.items.map(({ metadata }) => metadata.name)).toContain('first');
    expect(proxy.counts.list).toBe(before + 3);
  });

  it('sees its own write at once and is not set back by an older version', async () => {
    const target = { resource: RESOURCES.configMaps, namespace, name: 'first', type: 'merge' as const };
    const older = informer.get(namespace, 'first')!;
    const answer = await direct.patch(target, { data: { a: '1' } }, { signal });
    informer.observe(answer);
    expect(informer.get(namespace, 'first')?.['data']).toEqual({ a: '1' });
    informer.observe(older);
    expect(informer.get(namespace, 'first')?.['data']).toEqual({ a: '1' });
    await put('later');
    await eventually(() => expect(names()).toEqual(['first', 'later']));
    expect(changes).toEqual(['added first', 'updated first', 'added later']);
  });

  it('waits for a server that is not there yet, until it is told to stop', async () => {
    proxy.refuse(true);
    const waiting = createInformer({ client, resource: RESOURCES.configMaps, namespace, log: silentLog });
    const controller = new AbortController();
    const started = waiting.start(controller.signal);
    await eventually(() => expect(waiting.lastError).toMatchObject({ code: 'Upstream' }));
    expect(waiting.synced).toBe(false);
    controller.abort(new Error('stopped by the test'));
    await expect(started).rejects.toThrow('stopped by the test');
  });
});

interface FaultProxy {
  readonly url: string;
  readonly counts: { list: number; watch: number };
  openWatches(): number;
  /** New requests are cut without an answer. */
  refuse(on: boolean): void;
  cutWatches(): void;
  /** Open watches deliver nothing more, but stay open. */
  stallWatches(): void;
  expireNextWatch(answer: 'status' | 'event'): void;
  rejectNext(times: number, answer: { readonly status: number; readonly retryAfter: string }): void;
  stop(): Promise<void>;
}

/** A network with faults between the client and the real API server. */
async function startFaultProxy({ server: upstream, caData }: SharedControlPlane): Promise<FaultProxy> {
  const ca = Buffer.from(caData, 'base64');
  const send = upstream.startsWith('https') ? httpsRequest : httpRequest;
  const watches = new Set<ServerResponse>();
  const stalled = new Set<ServerResponse>();
  const counts = { list: 0, watch: 0 };
  const state = {
    refuse: false,
    expire: undefined as 'status' | 'event' | undefined,
    rejections: [] as [number, string][],
  };

  const server = createServer((incoming, outgoing) => {
    if (state.refuse) {
      incoming.socket.destroy();
      return;
    }
    const isWatch = incoming.url?.includes('watch=1') === true;
    counts[isWatch ? 'watch' : 'list'] += 1;
    const rejection = isWatch ? undefined : state.rejections.shift();
    if (rejection !== undefined) {
      outgoing.writeHead(rejection[0], { 'retry-after': rejection[1] }).end('slow down');
      return;
    }
    if (isWatch && state.expire !== undefined) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      const isEvent = state.expire === 'event';
      outgoing.writeHead(isEvent ? 200 : 410, { 'content-type': 'application/json' });
      outgoing.end(`${JSON.stringify(isEvent ? { type: 'ERROR', object: status } : status)}\n`);
      state.expire = undefined;
      return;
    }
    const forwarded = send(
      `${upstream}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers, ca },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        outgoing.flushHeaders();
        if (isWatch) watches.add(outgoing);
        answer.on('data', (chunk: Buffer) => {
          if (!stalled.has(outgoing)) outgoing.write(chunk);
        });
        answer.on('end', () => outgoing.end());
        answer.on('error', () => outgoing.destroy());
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      watches.delete(outgoing);
      forwarded.destroy();
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    openWatches: () => watches.size,
    refuse: (on) => {
      state.refuse = on;
    },
    cutWatches: () => {
      for (const watch of watches) watch.destroy();
    },
    stallWatches: () => {
      for (const watch of watches) stalled.add(watch);
    },
    expireNextWatch: (answer) => {
      state.expire = answer;
    },
    rejectNext: (times, { status, retryAfter }) => {
      state.rejections.push(...Array.from({ length: times }, (): [number, string] => [status, retryAfter]));
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pemOf({ caData }: SharedControlPlane): string {
  return Buffer.from(caData, 'base64').toString();
}
