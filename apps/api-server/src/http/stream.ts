/** Sends a stream: newline-delimited JSON as grpc-gateway sends it, or server-sent events (N19); as fast as the client reads. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorAnswer, errorAnswer } from '../errors.js';
import type { Stream } from './context.js';
import { isSerialized, toJson } from './json.js';

const KEEP_ALIVE_MS = 15_000;

/** Every open stream, so that the server can end them when it stops. */
export type OpenStreams = Set<{ close(): void }>;

/**
 * Opens what `start` makes and sends its items one by one; the next is asked for when the client has taken the one before, so
 * that a client which does not read costs one item. What `start` throws is an ordinary error answer; an error after that is
 * sent as `{"error": …}`, for the headers are gone.
 */
export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  start: (signal: AbortSignal) => Promise<Stream<unknown>>,
): Promise<void> {
  const { streams } = request.server;
  const controller = new AbortController();
  const { signal } = controller;
  const open = { close: () => controller.abort(new Error('the stream was closed')) };
  streams.add(open);
  reply.raw.once('close', open.close);
  const timers: NodeJS.Timeout[] = [];
  try {
    const { items, isPermitted } = await start(signal);
    timers.push(recheck(request, isPermitted, open.close));
    const writer = createWriter(reply, wantsEvents(request));
    timers.push(setInterval(writer.keepAlive, KEEP_ALIVE_MS).unref());
    await writeItems(items, { writer, signal, requestId: request.id });
  } finally {
    for (const timer of timers) clearInterval(timer);
    streams.delete(open);
    open.close();
  }
}

interface Writing {
  readonly writer: Writer;
  readonly signal: AbortSignal;
  readonly requestId: string;
}

async function writeItems(items: AsyncIterable<unknown>, { writer, signal, requestId }: Writing): Promise<void> {
  try {
    for await (const item of items) {
      if (signal.aborted) break;
      writer.write(`{"result":${isSerialized(item) ? item.serialized : toJson(item)}}`);
      await writer.drained(signal);
    }
  } catch (error) {
    if (!signal.aborted) writer.write(JSON.stringify({ error: streamError(errorAnswer(error, requestId)) }));
  } finally {
    writer.end();
  }
}

/** The body of any error, with the names that grpc-gateway gives its parts in the middle of a stream. */
function streamError({ body, status }: ErrorAnswer): object {
  return { ...body, grpc_code: body.code, http_code: status, http_status: STATUS_CODES[status] ?? '' };
}

function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

interface Writer {
  write(json: string): void;
  keepAlive(): void;
  drained(signal: AbortSignal): Promise<void>;
  end(): void;
}

/** Sends the headers. */
function createWriter(reply: FastifyReply, events: boolean): Writer {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': events ? 'text/event-stream' : 'application/json',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  return {
    write: (json) => void raw.write(events ? `data: ${json}\n\n` : `${json}\n`),
    // Not to a client that does not read: it would grow what waits for it.
    keepAlive: () => void (events && !raw.writableNeedDrain && raw.write(': keep-alive\n\n')),
    drained: (signal) => drained(raw, signal),
    end: () => void (raw.writableEnded || raw.end()),
  };
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
function recheck(request: FastifyRequest, isPermitted: () => boolean, close: () => void): NodeJS.Timeout {
  const check = (): void => {
    request.recheckSession().then((valid) => {
      if (!valid || !isPermitted()) close();
    }, close);
  };
  return setInterval(check, request.server.sessionRecheckMs).unref();
}
