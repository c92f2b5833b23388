/** The public port (L13): TLS and plain HTTP on one port, told apart by the first byte, with certificates that change while it runs. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Logger } from '@tiphys/runtime';

export interface ServerCertificate {
  /** PEM, both. */
  readonly cert: string;
  readonly key: string;
}

export interface PublicServerOptions {
  /** Asked for every connection; undefined: there is none, and the port speaks plain HTTP only. */
  readonly certificate: () => ServerCertificate | undefined;
  /** `server.insecure`: plain HTTP is answered, even where there is a certificate. */
  readonly insecure: boolean;
  /** For both protocols. */
  readonly http: ServerOptions;
  readonly log: Logger;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** First byte of a TLS record with a handshake. */
const HANDSHAKE = 0x16;
/** A client that says nothing is not waited for. */
const FIRST_BYTE_MS = 30_000;

/** Plain requests are sent to the same address over TLS while there is a certificate, as Argo CD does. */
export function createPublicServer(handler: Handler, options: PublicServerOptions): Server {
  const { insecure, http } = options;
  const load = certificateLoader(options);
  const secure = createHttpsServer({ ...http, minVersion: 'TLSv1.2' }, handler);
  const plain = createHttpServer(http, (request, response) => {
    if (load(secure) && !insecure) redirect(request, response);
    else handler(request, response);
  });
  const [speakHttp] = plain.listeners('connection') as ((socket: Socket) => void)[];
  plain.removeAllListeners('connection');
  plain.on('connection', (socket: Socket) => {
    const failed = (): void => void socket.destroy();
    socket.setTimeout(FIRST_BYTE_MS, failed);
    socket.on('error', failed);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.setTimeout(0);
      socket.off('timeout', failed);
      socket.unshift(first);
      if (first[0] === HANDSHAKE && load(secure)) {
        secure.emit('connection', socket);
        return;
      }
      speakHttp?.call(plain, socket);
      process.nextTick(() => socket.resume());
    });
  });
  // WebSockets are opened by whoever listens on the server that Fastify knows.
  secure.on('upgrade', (...upgrade: unknown[]) => void plain.emit('upgrade', ...upgrade));
  closeTogether(plain, secure);
  return plain;
}

/** Idle connections of both are closed when the port stops listening. */
function closeTogether(plain: Server, secure: ReturnType<typeof createHttpsServer>): void {
  // Connections are tracked from "listening" on; this server gets its connections from the other one.
  secure.emit('listening');
  const closeIdle = plain.closeIdleConnections.bind(plain);
  plain.closeIdleConnections = () => {
    closeIdle();
    secure.closeIdleConnections();
  };
  plain.once('close', () => secure.close(() => undefined));
}

/** True: the server has a certificate. One that cannot be used is told once, and the one before stays. */
function certificateLoader({ certificate, log }: PublicServerOptions) {
  let seen: ServerCertificate | undefined;
  let usable = false;
  return (server: ReturnType<typeof createHttpsServer>): boolean => {
    const found = certificate();
    if (found === undefined || (seen?.cert === found.cert && seen.key === found.key))
      return usable && found !== undefined;
    seen = found;
    try {
      createSecureContext(found);
      server.setSecureContext(found);
      usable = true;
      log.info('the certificate of the public port was loaded');
    } catch (error) {
      log.error('the certificate of the public port cannot be used; the one before stays', { error });
    }
    return usable;
  };
}

function redirect(request: IncomingMessage, response: ServerResponse): void {
  const host = /^[\w.:[\]-]{1,255}$/.exec(request.headers.host ?? '')?.[0];
  if (host === undefined) response.writeHead(400).end();
  else response.writeHead(307, { location: `https://${host}${request.url ?? '/'}`, connection: 'close' }).end();
}
