/** One open stream: newline-delimited JSON as grpc-gateway sends it, or server-sent events (N19). */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer } from '../errors.js';
import type { StreamSink } from './context.js';

/** A client that reads slower than this many waiting bytes is disconnected: it can resume from its resourceVersion. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;

/** Every open stream, so that the server can end them when it stops. */
export type OpenStreams = Set<{ close(): void }>;

export interface OpenStream extends StreamSink {
  readonly signal: AbortSignal;
  /** Runs the handler, then ends the answer; errors after the headers are sent as `{"error": …}` items. */
  run(handler: () => Promise<void>): Promise<void>;
}

export function openStream(request: FastifyRequest, reply: FastifyReply, streams: OpenStreams): OpenStream {
  const controller = new AbortController();
  const events = (request.headers.accept ?? '').includes('text/event-stream');
  const raw = reply.raw;
  const stream = { close: () => controller.abort(new Error('the stream was closed')) };
  const timers: NodeJS.Timeout[] = [];
  const conditions: (() => boolean)[] = [];
  let opened = false;

  const open = (): void => {
    if (opened) return;
    opened = true;
    writeHead(reply, events);
    if (events) timers.push(setInterval(() => raw.write(': keep-alive\n\n'), KEEP_ALIVE_MS).unref());
  };
  const write = (json: string): void => {
    if (controller.signal.aborted) return;
    open();
    raw.write(events ? `data: ${json}\n\n` : `${json}\n`);
    if (raw.writableLength > MAX_BUFFERED_BYTES) stream.close();
  };
  return {
    signal: controller.signal,
    open,
    send: (json) => write(`{"result":${json}}`),
    flushed: () => drained(raw, controller.signal),
    endUnless: (isPermitted) => void conditions.push(isPermitted),
    run: async (handler) => {
      streams.add(stream);
      raw.once('close', stream.close);
      timers.push(recheck(request, conditions, stream.close));
      try {
        await handler();
      } catch (error) {
        if (!opened) throw error;
        if (!controller.signal.aborted) write(JSON.stringify({ error: errorAnswer(error, request.id).body }));
      } finally {
        for (const timer of timers) clearInterval(timer);
        streams.delete(stream);
        finish(raw, opened);
      }
    },
  };
}

function writeHead(reply: FastifyReply, events: boolean): void {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': events ? 'text/event-stream' : 'application/json',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  reply.raw.flushHeaders();
}

function finish(raw: ServerResponse, opened: boolean): void {
  if (opened && !raw.writableEnded) raw.end();
}

async function drained(raw: ServerResponse, signal: AbortSignal): Promise<void> {
  if (!raw.writableNeedDrain || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      raw.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    raw.once('drain', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

/** A stream must not outlive its session, nor the permission that it was opened with (S17). */
function recheck(request: FastifyRequest, conditions: readonly (() => boolean)[], close: () => void): NodeJS.Timeout {
  const check = (): void => {
    request.recheckSession().then((valid) => {
      if (!valid || conditions.some((isPermitted) => !isPermitted())) close();
    }, close);
  };
  return setInterval(check, request.server.sessionRecheckMs).unref();
}
