/**
 * WebSockets, for the routes that are made for them. To be registered before any hook that can refuse a request: only then is
 * the connection of a refused one closed.
 */
import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import fastifyPlugin from 'fastify-plugin';

export const TERMINAL_PATH = '/terminal';
const MAX_MESSAGE_BYTES = 64 * 1024;

export const webSocketPlugin = fastifyPlugin(async (app) => {
  await app.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES } });
});

/** For the HTTP server: every other wish for another protocol (h2c of Java's and curl's clients) is passed over, as HTTP allows. */
export function isWebSocketUpgrade({ method, url = '', headers }: IncomingMessage): boolean {
  const [path] = url.split('?', 1);
  return method === 'GET' && path === TERMINAL_PATH && headers.upgrade?.toLowerCase() === 'websocket';
}
