/** The gRPC binding: mutual TLS, deadlines and cancellation as AbortSignals, errors by the table of libs/model. */
import type { Message } from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { GitOpsError, toGitOpsError } from '@tiphys/model';
import { grpcServiceDefinition, MAX_MESSAGE_BYTES, RepoServerService, toGrpcFailure } from '@tiphys/proto';
import {
  type GrpcServerMetrics,
  type HostPort,
  incomingCall,
  type Logger,
  type TlsMaterial,
  type Tracer,
} from '@tiphys/runtime';
import type { Handlers } from './handlers.js';

export interface GrpcServerOptions {
  readonly handlers: Handlers;
  readonly listen: HostPort;
  /** Undefined: plaintext, only after an explicit setting. */
  readonly tls: TlsMaterial | undefined;
  readonly log: Logger;
  readonly tracer: Tracer;
  readonly calls: GrpcServerMetrics;
  /** Told of every request; the result is called when it ends. */
  readonly onRequest: (repository: string) => () => void;
}

export interface GrpcServer {
  readonly port: number;
  /** Lets running calls end, at most for the given time. */
  stop(graceMs: number): Promise<void>;
}

export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': 2_000,
  });
  const stopping = new AbortController();
  const implementation = Object.fromEntries(
    RepoServerService.methods.map((method) => [method.localName, bind(options, method, stopping.signal)]),
  );
  server.addService(grpcServiceDefinition(RepoServerService), implementation as UntypedServiceImplementation);
  const port = await listen(server, options);
  return { port, stop: (graceMs) => stop(server, stopping, graceMs) };
}

function listen(server: Server, { listen: { host, port }, tls }: GrpcServerOptions): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const security =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(tls.ca, [{ private_key: tls.key, cert_chain: tls.cert }], true);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, security, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
}

async function stop(server: Server, stopping: AbortController, graceMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const timer = setTimeout(() => {
    stopping.abort(new GitOpsError('Waiting', 'The repo-server is stopping. It is retried.'));
    server.forceShutdown();
  }, graceMs);
  await ended;
  clearTimeout(timer);
}

type Call = ServerUnaryCall<Message, Message>;
type AnyHandler = (request: Message, signal: AbortSignal) => Promise<Message>;

interface Method {
  readonly name: string;
  readonly localName: string;
}

function bind(options: GrpcServerOptions, { name, localName }: Method, stopping: AbortSignal) {
  const handler = options.handlers[localName as keyof Handlers] as unknown as AnyHandler;
  const method = { service: RepoServerService.typeName, method: name };
  const counted = { ...method, type: 'unary' } as const;
  return (call: Call, callback: sendUnaryData<Message>): void => {
    const done = options.onRequest(repositoryOf(call.request));
    const ended = options.calls.started(counted);
    options.calls.received(counted);
    const { signal, release } = signalOf(call, stopping);
    const work = (): Promise<Message> => handler(call.request, signal);
    incomingCall(options.tracer, { ...method, headers: headersOf(call) }, work)
      .then(
        (answer) => {
          ended(0);
          options.calls.sent(counted);
          callback(null, answer);
        },
        (error: unknown) => {
          report(options.log, localName, error);
          const failure = toGrpcFailure(error);
          ended(failure.code);
          callback(failure);
        },
      )
      .finally(() => {
        release();
        done();
      });
  };
}

/** Texts only: the first value of each. */
function headersOf({ metadata }: Call): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata.getMap());
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Aborted when the caller cancels or its deadline passes, and when the server stops. */
function signalOf(call: Call, stopping: AbortSignal): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new GitOpsError('Waiting', 'The caller no longer waits for the answer.'));
  const stop = (): void => controller.abort(stopping.reason);
  call.once('cancelled', cancel);
  stopping.addEventListener('abort', stop, { once: true });
  return { signal: controller.signal, release: () => stopping.removeEventListener('abort', stop) };
}

function report(log: Logger, method: string, error: unknown): void {
  const failure = toGitOpsError(error);
  const fields = { method, code: failure.code, reason: failure.message };
  log[failure.policy.log]('request failed', failure.code === 'Internal' ? { ...fields, error } : fields);
}

/** The address that the request is about, for metrics. */
function repositoryOf(request: Message): string {
  const { repository, source, sources } = request as {
    repository?: { url?: string };
    source?: { repository?: { url?: string } };
    sources?: readonly { repository?: { url?: string } }[];
  };
  return (repository ?? source?.repository ?? sources?.[0]?.repository)?.url ?? '';
}
