/** A Git server over smart HTTP (`git http-backend`), with authentication, faults and a log of what clients asked. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { createBareRepository, type Files, type GitRepository } from './git-repository.js';
import { removeDirectory, temporaryDirectory } from './process.js';

/** What can be chosen about a Git server. */
export interface GitServerOptions {
  /** Require basic authentication. */
  readonly username?: string;
  readonly password?: string;
}

/**
 * What a request was for: `info-refs` starts every ls-remote, fetch and push; `ls-refs` is the second half of listing refs
 * in protocol 2; `fetch` was answered with a pack (one per fetch that brings something); `negotiate` led up to one.
 */
export type GitRequestKind = 'info-refs' | 'ls-refs' | 'negotiate' | 'fetch' | 'push' | 'other';

/** One request of a client. */
export interface GitRequest {
  readonly repository: string;
  readonly kind: GitRequestKind;
  readonly status: number;
  readonly at: number;
}

/** Misbehaviour, until configured away. */
export interface GitServerFaults {
  /** Milliseconds before each answer. */
  readonly latencyMs?: number;
  /** Answer everything with this HTTP status. */
  readonly status?: number;
  /** Of the answer with `status`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answer. */
  readonly hang?: boolean;
  /**
   * Answer as a replica that has not seen what was pushed since this fault was set: `refs`, neither refs nor objects;
   * `objects`, the refs are the newest ones, but what they name cannot be fetched.
   */
  readonly behind?: 'refs' | 'objects';
}

/** A running Git server. */
export interface GitServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Every request since the start or the last clearRequests(). */
  readonly requests: readonly GitRequest[];
  createRepository(name: string, files?: Files): Promise<GitRepository>;
  /** Number of requests of a kind, for one repository or all. */
  count(kind: GitRequestKind, repository?: string): number;
  clearRequests(): void;
  /** Replaces the faults; `{}` heals the server. */
  setFaults(faults: GitServerFaults): void;
  stop(): Promise<void>;
}

/** Starts a server on a free port of the loopback interface. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const root = temporaryDirectory('git');
  const replica = `${root}-replica`;
  const state: State = { root, replica, options, faults: {}, requests: [], backend: backendPath() };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    requests: state.requests,
    createRepository: (name, files = {}) => createBareRepository({ root, name, url: `${url}/${name}.git` }, files),
    count: (kind, repository) =>
      state.requests.filter((entry) => entry.kind === kind && (repository ?? entry.repository) === entry.repository)
        .length,
    clearRequests: () => state.requests.splice(0),
    setFaults: (faults) => {
      if (faults.behind !== undefined && state.faults.behind === undefined) {
        removeDirectory(state.replica);
        cpSync(root, state.replica, { recursive: true });
      }
      state.faults = faults;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      removeDirectory(root);
      removeDirectory(state.replica);
    },
  };
}

interface State {
  readonly root: string;
  /** The repositories as they were when the fault `behind` was set. */
  readonly replica: string;
  readonly options: GitServerOptions;
  readonly requests: GitRequest[];
  readonly backend: string;
  faults: GitServerFaults;
}

function backendPath(): string {
  return join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { latencyMs = 0, hang } = state.faults;
  const body = await readBody(request);
  if (hang) {
    return;
  }
  if (latencyMs > 0) {
    await delay(latencyMs);
  }
  const answer = await answerTo(state, request, body);
  const url = new URL(request.url ?? '/', 'http://git');
  const repository = url.pathname.match(/^\/(.+?)(\.git)?\/(info\/refs|git-)/)?.[1] ?? '';
  // Logged before the client can see the answer, so that a test that waited for the client finds it.
  state.requests.push({
    repository,
    kind: kindOf({ url, request, body, answer }),
    status: answer.status,
    at: Date.now(),
  });
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

async function answerTo(state: State, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const { status, headers: given = {} } = state.faults;
  if (status !== undefined) {
    return { status, headers: given, body: Buffer.from(`injected failure ${status}\n`) };
  }
  if (!isAuthorized(state.options, request)) {
    const headers = { 'www-authenticate': 'Basic realm="git"' };
    return { status: 401, headers, body: Buffer.from('authentication required\n') };
  }
  return parseCgi(await runBackend(state, request, body));
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function isAuthorized({ username, password }: GitServerOptions, request: IncomingMessage): boolean {
  if (username === undefined && password === undefined) {
    return true;
  }
  const expected = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return request.headers.authorization === `Basic ${expected}`;
}

interface Exchange {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly answer: Answer;
}

/** How a pack begins: its magic and version 2. */
const PACK_HEADER = Buffer.from('PACK\0\0\0\x02', 'latin1');

function kindOf({ url, request, body, answer }: Exchange): GitRequestKind {
  if (url.pathname.endsWith('/info/refs')) {
    return 'info-refs';
  }
  if (url.pathname.endsWith('/git-receive-pack')) {
    return 'push';
  }
  if (!url.pathname.endsWith('/git-upload-pack')) {
    return 'other';
  }
  if (textOf(request, body).includes('command=ls-refs')) {
    return 'ls-refs';
  }
  return answer.body.includes(PACK_HEADER) ? 'fetch' : 'negotiate';
}

/** Runs git http-backend as a CGI program for one request. */
async function runBackend(state: State, request: IncomingMessage, body: Buffer): Promise<Buffer> {
  const url = new URL(request.url ?? '/', 'http://git');
  const header = (name: string) => String(request.headers[name] ?? '');
  const child = spawn(state.backend, {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROJECT_ROOT: isAnsweredByReplica(state, { url, request, body }) ? state.replica : state.root,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_USER: state.options.username ?? 'test',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // A backend that rejects the request may end before it has read the body.
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const output: Buffer[] = [];
  for await (const chunk of child.stdout) {
    output.push(chunk as Buffer);
  }
  return Buffer.concat(output);
}

function isAnsweredByReplica({ faults }: State, { url, request, body }: Omit<Exchange, 'answer'>): boolean {
  if (faults.behind !== 'objects') return faults.behind === 'refs';
  return url.pathname.endsWith('/git-upload-pack') && !textOf(request, body).includes('command=ls-refs');
}

function textOf(request: IncomingMessage, body: Buffer): string {
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1');
}

function parseCgi(output: Buffer): Answer {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) {
    return { status: 500, headers: {}, body: Buffer.from('git http-backend gave no answer\n') };
  }
  const lines = output.subarray(0, end).toString().split('\r\n');
  const fields = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  const { status = '200', ...headers } = Object.fromEntries(fields) as Record<string, string>;
  return { status: Number.parseInt(status, 10), headers, body: output.subarray(end + 4) };
}
