/** GET /terminal (N18): checks first, as for any request, then a websocket to a shell in a container. */
import type { Logger } from '@tiphys/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Audit } from '../../audit/events.js';
import { ApiError } from '../../errors.js';
import type {} from '../../http/types.js';
import { TERMINAL_PATH } from '../../plugins/web-sockets.js';
import type { ApplicationResourceDeps } from '../application-resources/deps.js';
import { outputMessage, RECONNECT_MESSAGE } from './messages.js';
import { openRequest, type TerminalQuery, type TerminalRequest } from './request.js';
import { createTerminalInput, runTerminal } from './session.js';

export interface TerminalDeps extends ApplicationResourceDeps {
  readonly audit: Audit;
  readonly log: Logger;
}

/** Keeps the connection through load balancers that close silent ones. */
const PING_MS = 5_000;
/** At the same time, of one user and of all: each is a connection to a cluster. */
const MAX_OF_USER = 10;
const MAX_OPEN = 200;
/** Of the websocket protocol. */
const CLOSE = { done: 1000, goingAway: 1001, notAllowed: 1008, wrongMessage: 1003, error: 1011 } as const;

/** Not a route of the contract, for it is no REST; the audit log needs the same of it (F35). */
const OPERATION = {
  operationId: 'TerminalService_Open',
  method: 'GET',
  access: { resource: 'exec', action: 'create' },
} as const;

export function registerTerminalRoute(app: FastifyInstance, deps: TerminalDeps): void {
  const checked = new WeakMap<FastifyRequest, TerminalRequest>();
  const open = new Map<string, number>();
  app.route<{ Querystring: TerminalQuery }>({
    method: 'GET',
    url: TERMINAL_PATH,
    websocket: true,
    schema: { hide: true },
    config: { operation: OPERATION },
    preHandler: async (request) => {
      nameObject(request);
      requireOwnOrigin(request, deps);
      if (request.user === undefined) throw new ApiError('unauthenticated', 'no session information');
      requirePlace(open, request.user.username);
      const context = { user: request.user, signal: request.deadline };
      checked.set(request, await openRequest(deps, context, request.query));
    },
    handler: async (socket, request) => {
      const terminal = checked.get(request);
      const username = request.user?.username ?? '';
      if (terminal === undefined) return socket.close(CLOSE.error);
      request.recordUpgrade();
      open.set(username, (open.get(username) ?? 0) + 1);
      try {
        await serveTerminal({ deps, socket, request, terminal });
      } finally {
        const others = (open.get(username) ?? 1) - 1;
        if (others > 0) open.set(username, others);
        else open.delete(username);
      }
    },
  });
}

/** What the audit log calls it: application, then namespace, pod and container as they were asked for. */
function nameObject(request: FastifyRequest<{ Querystring: TerminalQuery }>): void {
  const { appName = '', namespace = '', pod = '', container = '' } = request.query;
  if (request.auditScope !== undefined) request.auditScope.object = [appName, namespace, pod, container].join('/');
}

/**
 * Browsers send cookies with websockets of any page: only our own may open a terminal (S25). Who sends a token itself is no
 * page of another site.
 */
function requireOwnOrigin({ headers }: FastifyRequest, deps: TerminalDeps): void {
  const { origin, host, authorization, 'x-forwarded-host': forwarded } = headers;
  if (origin === undefined && authorization !== undefined) return;
  const { url, additionalUrls } = deps.applicationState.applications.settings.server();
  const configured = [url, ...additionalUrls].flatMap((address) =>
    address === undefined ? [] : new URL(address).host,
  );
  const own = [host, ...(typeof forwarded === 'string' ? [forwarded] : []), ...configured];
  if (origin !== undefined && URL.canParse(origin) && own.includes(new URL(origin).host)) return;
  throw new ApiError('permissionDenied', `terminals are not opened for the origin ${origin ?? '(none)'}`);
}

function requirePlace(open: ReadonlyMap<string, number>, username: string): void {
  const total = [...open.values()].reduce((sum, count) => sum + count, 0);
  if ((open.get(username) ?? 0) < MAX_OF_USER && total < MAX_OPEN) return;
  throw new ApiError('resourceExhausted', 'too many terminals are open; close one first');
}

interface Serving {
  readonly deps: TerminalDeps;
  readonly socket: WebSocket;
  readonly request: FastifyRequest;
  readonly terminal: TerminalRequest;
}

/** Resolves when the terminal is closed. */
async function serveTerminal({ deps, socket, request, terminal }: Serving): Promise<void> {
  const { application, client, target, shells, idleMs, isPermitted } = terminal;
  const { user } = request;
  const controller = new AbortController();
  const end = (code: number, reason: string): void => {
    if (controller.signal.aborted) return;
    socket.close(code, reason);
    controller.abort(new Error(reason));
  };
  const fields = { user: user?.username, application: application.metadata.name, ...target, sourceIp: request.ip };
  deps.log.info('terminal opened', { ...fields, security: 2 });
  const action = `opened a terminal in container ${target.container} of pod ${target.namespace}/${target.pod}`;
  if (user !== undefined) deps.audit(user, application, { reason: 'ResourceActionRan', action });
  const send = (text: string) => sendTo(socket, text);
  const idle = setTimeout(() => end(CLOSE.done, 'the terminal was idle for too long'), idleMs).unref();
  const timers = [
    idle,
    setInterval(() => socket.ping(), PING_MS).unref(),
    recheck({ request, isPermitted, send, end }),
  ];
  socket.once('close', () => end(CLOSE.done, 'the browser closed it'));
  const stream = { close: () => end(CLOSE.goingAway, 'the server stops; connect again') };
  request.server.streams.add(stream);
  const input = createTerminalInput(controller.signal);
  receive(socket, input.receive, (error) => end(CLOSE.wrongMessage, error.message.slice(0, 120)));
  socket.on('message', () => idle.refresh());
  try {
    const { signal } = controller;
    await runTerminal({ client, target, shells, send, input, onActivity: () => idle.refresh(), signal });
    end(CLOSE.done, 'the shell ended');
  } catch (error) {
    deps.log.error('terminal failed', { ...fields, error });
    end(CLOSE.error, 'internal error');
  } finally {
    for (const timer of timers) clearTimeout(timer);
    request.server.streams.delete(stream);
    deps.log.info('terminal closed', { ...fields, reason: String((controller.signal.reason as Error).message) });
  }
}

/** Resolves when the system has taken it: a browser that does not read holds up the shell, not our memory. */
function sendTo(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    socket.send(text, () => resolve());
  });
}

/** One message after the other; nothing more is read while one waits for the shell. */
function receive(socket: WebSocket, take: (text: string) => Promise<void>, failed: (error: Error) => void): void {
  let last: Promise<void> = Promise.resolve();
  socket.on('message', (data: Buffer) => {
    socket.pause();
    const current = last.then(() => take(data.toString()));
    last = current.catch((error: unknown) => failed(error instanceof Error ? error : new Error(String(error))));
    // Also while it closes: the browser's answer ends it.
    void last.then(() => socket.resume());
  });
}

interface Recheck {
  readonly request: FastifyRequest;
  readonly isPermitted: () => boolean;
  readonly send: (text: string) => Promise<void>;
  readonly end: (code: number, reason: string) => void;
}

/** A terminal must not outlive its session, nor the permission that it was opened with (S17). */
function recheck({ request, isPermitted, send, end }: Recheck): NodeJS.Timeout {
  const check = async (): Promise<void> => {
    if (!(await request.recheckSession())) {
      await send(RECONNECT_MESSAGE);
      end(CLOSE.notAllowed, 'the session has ended');
    } else if (!isPermitted()) {
      await send(outputMessage('Permission denied'));
      end(CLOSE.notAllowed, 'Permission denied');
    }
  };
  const failed = (): void => end(CLOSE.error, 'the session could not be checked');
  return setInterval(() => void check().catch(failed), request.server.sessionRecheckMs).unref();
}
