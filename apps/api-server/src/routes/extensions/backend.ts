/** Connections to the backends of extensions: kept open as the settings say, requests and answers bounded. */
import { Transform, type TransformCallback } from 'node:stream';
import type { ExtensionSettings } from '@tiphys/settings';
import { Agent, type Dispatcher } from 'undici';
import { ApiError } from '../../errors.js';

export interface BackendRequest {
  readonly extension: ExtensionSettings;
  readonly origin: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: NodeJS.ReadableStream | undefined;
  readonly signal: AbortSignal;
}

export interface Backends {
  /** @throws ApiError unavailable when there is no answer. */
  send(call: BackendRequest): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 60_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

interface Opened {
  readonly extension: ExtensionSettings;
  readonly agent: Agent;
}

export function createBackends(): Backends {
  const opened = new Map<string, Opened>();
  const agentOf = (extension: ExtensionSettings): Agent => {
    const known = opened.get(extension.name);
    if (known?.extension === extension) return known.agent;
    // What it still sends is finished first.
    void known?.agent.close();
    const agent = openAgent(extension);
    opened.set(extension.name, { extension, agent });
    return agent;
  };
  return {
    send: async ({ extension, origin, method, path, headers, body, signal }) => {
      const limited = body === undefined ? null : body.pipe(limit());
      try {
        const target = { origin, path, method: method as Dispatcher.HttpMethod };
        return await agentOf(extension).request({ ...target, headers, body: limited, signal });
      } catch (error) {
        if (error instanceof BodyTooLarge) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new ApiError('unavailable', `the backend of the extension ${extension.name} does not answer: ${reason}`);
      }
    },
    close: async () => {
      await Promise.all([...opened.values()].map(({ agent }) => agent.destroy()));
    },
  };
}

function openAgent({
  connectionTimeoutMs,
  keepAliveMs,
  idleConnectionTimeoutMs,
  maxIdleConnections,
}: ExtensionSettings) {
  return new Agent({
    connect: { timeout: connectionTimeoutMs, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
    keepAliveTimeout: Math.max(idleConnectionTimeoutMs, 1),
    connections: Math.max(maxIdleConnections, 1),
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: HEADERS_TIMEOUT_MS,
  });
}

class BodyTooLarge extends Error {
  readonly statusCode = 413;
}

/** Counts while it passes: a length that the client claims is not believed. */
function limit(): Transform {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _: BufferEncoding, done: TransformCallback) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) done(new BodyTooLarge(`the body is larger than ${MAX_BODY_BYTES} bytes`));
      else done(null, chunk);
    },
  });
}
