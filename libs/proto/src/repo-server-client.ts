/** The typed client of the repo-server for controller and api-server: promises, AbortSignals and GitOpsErrors. */
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import {
  type ChannelOptions,
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { RepoServerService } from './gen/tiphys/reposerver/v1/reposerver_pb.js';
import { grpcServiceDefinition } from './service-definition.js';
import { fromGrpcError } from './transport-errors.js';

/** Most bytes of one request or answer, on both sides of the connection. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** PEM texts: the authority both sides trust, and this side's certificate and key. */
export interface ClientTls {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface RepoServerClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** Undefined: an unencrypted connection, for a server that was started with `--insecure-plaintext`. */
  readonly tls: ClientTls | undefined;
  /** Name that the server's certificate must have; default the host of `address`, or `repo-server` for an IP address. */
  readonly serverName?: string;
  /** Deadline of a call whose signal does not end it earlier; default 5 minutes. */
  readonly timeoutMs?: number;
  /** Around every call, for traces and ids of requests: `send` takes headers that go to the server. */
  readonly around?: AroundCall;
}

export type AroundCall = <T>(
  method: { readonly service: string; readonly method: string },
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
) => Promise<T>;

const NO_HEADERS = {};
const sendOnly: AroundCall = (_method, send) => send(NO_HEADERS);

type Methods = typeof RepoServerService.method;
type UnaryCall<M extends DescMethodUnary> = (
  request: MessageInitShape<M['input']>,
  signal?: AbortSignal,
) => Promise<MessageShape<M['output']>>;

/** Every method rejects with a GitOpsError; an aborted signal rejects with the signal's reason and cancels the call at the server. */
export type RepoServerClient = {
  readonly [K in keyof Methods]: UnaryCall<Methods[K]>;
} & { readonly close: () => void };

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

/** Connects lazily, at the first call, and again by itself after the server was away. */
export function createRepoServerClient(options: RepoServerClientOptions): RepoServerClient {
  const { address, tls } = options;
  const serverName = options.serverName ?? (isIpAddress(address) ? SERVER_NAME : undefined);
  const definition = grpcServiceDefinition(RepoServerService);
  const GrpcClient = makeGenericClientConstructor(definition, RepoServerService.typeName);
  const security = tls === undefined ? credentials.createInsecure() : credentials.createSsl(tls.ca, tls.key, tls.cert);
  const name = serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName };
  const client: Client = new GrpcClient(address, security, { ...CHANNEL_OPTIONS, ...name });
  const context: CallContext = { client, definition, options };
  const calls = RepoServerService.methods.map((method) => [
    method.localName,
    (request: object, signal?: AbortSignal) => call(context, { method, request, signal }),
  ]);
  return { ...Object.fromEntries(calls), close: () => client.close() } as RepoServerClient;
}

/** In the certificate of every repo-server; TLS has no server names that are IP addresses. */
const SERVER_NAME = 'repo-server';

function isIpAddress(address: string): boolean {
  return /^(\d+\.){3}\d+:\d+$/.test(address) || address.startsWith('[');
}

interface CallContext {
  readonly client: Client;
  readonly definition: ReturnType<typeof grpcServiceDefinition>;
  readonly options: RepoServerClientOptions;
}

interface Call {
  readonly method: (typeof RepoServerService.methods)[number];
  readonly request: object;
  readonly signal: AbortSignal | undefined;
}

async function call(context: CallContext, called: Call): Promise<unknown> {
  const { signal, method } = called;
  signal?.throwIfAborted();
  const { around = sendOnly } = context.options;
  const names = { service: RepoServerService.typeName, method: method.name };
  return around(names, (headers) => send(context, called, headers));
}

function send(
  { client, definition, options }: CallContext,
  { method, request, signal }: Call,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const rpc = definition[method.localName];
  if (rpc === undefined) throw new TypeError(`${method.localName} is not in the service definition`);
  return new Promise((resolve, reject) => {
    const answered = (error: ServiceError | null, answer?: unknown): void => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(answer);
      else if (error.code === status.CANCELLED && signal?.aborted) reject(signal.reason as Error);
      else reject(fromGrpcError(error, `the repo-server at ${options.address}`));
    };
    const running = client.makeUnaryRequest(
      rpc.path,
      rpc.requestSerialize,
      rpc.responseDeserialize,
      create(method.input, request as never),
      metadata,
      { deadline: Date.now() + (options.timeoutMs ?? 300_000) },
      answered,
    );
    const cancel = (): void => running.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
