/**
 * A way to the API server that one service can be stopped on: at a chosen write, before it arrives or after it did, the
 * line goes dead, so that nothing of that process reaches the cluster any more and no answer reaches the process.
 */
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ClusterAccess } from '@tiphys/testing';

/** A write as it is on its way. */
export interface PassingWrite {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** An apply or a merge patch; empty when the body is something else. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Where the line goes dead, the first time such a write comes by. */
export interface Checkpoint {
  readonly name: string;
  readonly when: 'before' | 'after';
  matches(write: PassingWrite): boolean;
}

export interface Line {
  /** `http://127.0.0.1:port`: to be used as the address of the API server. */
  readonly server: string;
  /** Names of the checkpoints that were reached, in their order. */
  readonly reached: readonly string[];
  /** Replaces the checkpoints that were not reached. */
  arm(checkpoints: readonly Checkpoint[]): void;
  /** For the next process: the line works again. */
  mend(): void;
  stop(): Promise<void>;
}

export interface LineOptions {
  readonly cluster: ClusterAccess;
  /** Start of the User-Agent of the service; others are passed on whatever happens. */
  readonly userAgent: string;
}

const READS = ['GET', 'HEAD', 'OPTIONS'];

/** Starts it; nothing is armed. */
export async function startLine({ cluster, userAgent }: LineOptions): Promise<Line> {
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(cluster.caData ?? '', 'base64') });
  const state = { armed: [] as readonly Checkpoint[], reached: [] as string[], epoch: 0, dead: false };

  const reach = (checkpoint: Checkpoint) => {
    state.armed = state.armed.filter((other) => other !== checkpoint);
    state.reached.push(checkpoint.name);
    state.dead = true;
  };

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const isOurs = (incoming.headers['user-agent'] ?? '').startsWith(userAgent);
    const epoch = state.epoch;
    const isCut = () => isOurs && (state.dead || epoch !== state.epoch);
    const body = await bytesOf(incoming);
    const write = isOurs ? writeOf(incoming, body) : undefined;
    const checkpoint = write && state.armed.find((one) => one.matches(write));
    if (isCut()) return;
    if (checkpoint?.when === 'before') return reach(checkpoint);
    const answer = await answerTo(forward(incoming, body, { cluster, agent }), outgoing);
    if (isCut()) return void answer.destroy();
    if (checkpoint !== undefined) {
      answer.destroy();
      return reach(checkpoint);
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.on('error', () => outgoing.destroy()).pipe(outgoing);
  }

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: state.reached,
    arm: (checkpoints) => {
      state.armed = checkpoints;
    },
    mend: () => {
      state.epoch += 1;
      state.dead = false;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Dry runs write nothing. */
function writeOf({ method = 'GET', url = '' }: IncomingMessage, bytes: Buffer): PassingWrite | undefined {
  const { pathname: path, searchParams } = new URL(url, 'http://localhost');
  if (READS.includes(method) || searchParams.has('dryRun')) return undefined;
  return { method, path, body: parsed(bytes) };
}

function parsed(bytes: Buffer): PassingWrite['body'] {
  try {
    return JSON.parse(bytes.toString()) as PassingWrite['body'];
  } catch {
    return {};
  }
}

function forward(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  { cluster, agent }: { readonly cluster: ClusterAccess; readonly agent: Agent },
): ClientRequest {
  const target = new URL(url ?? '/', cluster.server);
  const { host: _, ...rest } = headers;
  const options = { ...(method === undefined ? {} : { method }), headers: rest };
  const onward = target.protocol === 'https:' ? secureRequest(target, { ...options, agent }) : request(target, options);
  onward.end(body);
  return onward;
}

/** A caller that goes away ends the request, too: watches would stay for ever. */
function answerTo(onward: ClientRequest, outgoing: ServerResponse): Promise<IncomingMessage> {
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) onward.destroy();
  });
  return new Promise((resolve, reject) => {
    onward.on('response', resolve);
    onward.on('error', reject);
  });
}
