/** One plugin over the socket of its sidecar: Argo CD's gRPC contract, which its own sidecars and ours serve (B29). */

import { once } from 'node:events';
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  type ClientWritableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type AppStreamRequestSchema,
  ConfigManagementPluginService,
  grpcServiceDefinition,
  MAX_MESSAGE_BYTES,
} from '@tiphys/proto';
import { nameOf } from '../tree/source-path.js';
import { failureOf } from './failure.js';
import { decodeRule } from './match-path.js';
import { type ParcelLimits, withParcel } from './parcel.js';
import type { Plugin, PluginConfiguration, PluginTask } from './ports.js';

export interface PluginClientOptions {
  readonly name: string;
  /** Absolute path of the socket. */
  readonly socket: string;
  /** What tells this run of the sidecar from another, for sidecars that do not tell a digest of their configuration. */
  readonly run: string;
  readonly timeoutMs: number;
  readonly limits: ParcelLimits;
}

export interface PluginClient extends Plugin {
  close(): void;
}

/** Headers of our own sidecars, in the answer to CheckPluginConfiguration. */
export const DIGEST_HEADER = 'tiphys-plugin-digest';
export const REVISION_HEADER = 'tiphys-plugin-ignores-revision';
export const RULE_HEADER = 'tiphys-plugin-discover';

const METHODS = ConfigManagementPluginService.method;
const DEFINITION = grpcServiceDefinition(ConfigManagementPluginService);
const GrpcClient = makeGenericClientConstructor(DEFINITION, ConfigManagementPluginService.typeName);
type Client = InstanceType<typeof GrpcClient>;

/** Connects at the first call, and again by itself after the sidecar was away. */
export function createPluginClient(options: PluginClientOptions): PluginClient {
  const client = new GrpcClient(`unix:${options.socket}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    // The name of the peer; a path is no name that Go's servers accept.
    'grpc.default_authority': 'localhost',
  });
  const sent = (method: StreamMethod, task: PluginTask, signal: AbortSignal) =>
    send({ client, options, method, task }, signal);
  return {
    name: options.name,
    configuration: () => checkConfiguration({ client, options }),
    match: async (task, signal) => (await sent('matchRepository', task, signal)).isSupported === true,
    generate: async (task, signal) => ((await sent('generateManifest', task, signal)).manifests as string[]) ?? [],
    announce: async (task, signal) => announcementsOf(await sent('getParametersAnnouncement', task, signal)),
    close: () => client.close(),
  };
}

interface Connection {
  readonly client: Client;
  readonly options: PluginClientOptions;
}

/** A sidecar that does not answer this is not there. */
const CHECK_TIMEOUT_MS = 10_000;

function checkConfiguration({ client, options }: Connection): Promise<PluginConfiguration> {
  const rpc = DEFINITION[METHODS.checkPluginConfiguration.localName];
  if (rpc === undefined) throw new TypeError('the service definition is incomplete');
  return new Promise((resolve, reject) => {
    let headers = new Metadata();
    const call = client.makeUnaryRequest(
      rpc.path,
      rpc.requestSerialize,
      rpc.responseDeserialize,
      create(EmptySchema),
      new Metadata(),
      { deadline: Date.now() + CHECK_TIMEOUT_MS },
      (error: ServiceError | null, answer?: MessageShape<typeof METHODS.checkPluginConfiguration.output>) => {
        if (error !== null) return reject(failureOf(error, { ...options, timeoutMs: CHECK_TIMEOUT_MS }));
        const rule = decodeRule(textOf(headers, RULE_HEADER));
        resolve({
          discovers: answer?.isDiscoveryConfigured === true,
          wantsGitCredentials: answer?.provideGitCreds === true,
          identity: textOf(headers, DIGEST_HEADER) ?? options.run,
          ignoresRevision: textOf(headers, REVISION_HEADER) === 'true',
          ...(rule === undefined ? {} : { rule }),
        });
      },
    );
    call.on('metadata', (given) => {
      headers = given;
    });
  });
}

function textOf(headers: Metadata, name: string): string | undefined {
  const [value] = headers.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

type StreamMethod = 'matchRepository' | 'generateManifest' | 'getParametersAnnouncement';

interface Sending extends Connection {
  readonly method: StreamMethod;
  readonly task: PluginTask;
}

type Answer = MessageShape<DescMessage> & Readonly<Record<string, unknown>>;

async function send(sending: Sending, signal: AbortSignal): Promise<Answer> {
  const { options, task } = sending;
  signal.throwIfAborted();
  return withParcel(
    { tree: task.tree, files: task.files, limits: options.limits },
    (parcel) => {
      const metadata: Head = {
        appName: task.application || nameOf(task.folder),
        appRelPath: task.folder === '' ? '.' : task.folder,
        checksum: parcel.checksum,
        size: BigInt(parcel.bytes),
        env: Object.entries(task.environment).map(([name, value]) => ({ name, value })),
      };
      return stream(sending, { metadata, chunks: parcel.read() }, signal);
    },
    signal,
  );
}

type Request = MessageInitShape<typeof AppStreamRequestSchema>['request'];
type Head = Extract<NonNullable<Request>, { readonly case: 'metadata' }>['value'];

interface Content {
  readonly metadata: Head;
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function stream({ client, options, method }: Sending, content: Content, signal: AbortSignal): Promise<Answer> {
  const rpc = DEFINITION[method];
  if (rpc === undefined) throw new TypeError('the service definition is incomplete');
  const ended = new AbortController();
  const answer = new Promise<Answer>((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      rpc.path,
      rpc.requestSerialize,
      rpc.responseDeserialize,
      new Metadata(),
      { deadline: Date.now() + options.timeoutMs },
      (error: ServiceError | null, result?: Answer) => {
        ended.abort();
        signal.removeEventListener('abort', cancel);
        if (error !== null) reject(signal.aborted ? (signal.reason as Error) : failureOf(error, options));
        else resolve(result ?? ({} as Answer));
      },
    ) as ClientWritableStream<MessageInitShape<typeof AppStreamRequestSchema>>;
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    // What went wrong with the call is the answer's error; here only reading the archive can fail.
    writeAll(call, content, ended.signal).catch((error: unknown) => {
      if (ended.signal.aborted) return;
      reject(error as Error);
      call.cancel();
    });
  });
  return answer;
}

async function writeAll(
  call: ClientWritableStream<MessageInitShape<typeof AppStreamRequestSchema>>,
  { metadata, chunks }: Content,
  ended: AbortSignal,
): Promise<void> {
  call.write({ request: { case: 'metadata', value: metadata } });
  for await (const chunk of chunks) {
    if (ended.aborted) return;
    if (!call.write({ request: { case: 'file', value: { chunk } } })) await once(call, 'drain', { signal: ended });
  }
  call.end();
}

function announcementsOf(answer: Answer): Awaited<ReturnType<Plugin['announce']>> {
  const { parameterAnnouncements } = answer as unknown as MessageShape<typeof METHODS.getParametersAnnouncement.output>;
  return parameterAnnouncements.map(
    ({ name, title, tooltip, required, itemType, collectionType, string, array, map }) => ({
      name,
      ...(title === '' ? {} : { title }),
      ...(tooltip === '' ? {} : { tooltip }),
      ...(required ? { required } : {}),
      ...(itemType === '' ? {} : { itemType }),
      ...(collectionType === '' ? {} : { collectionType }),
      ...(string === '' ? {} : { string }),
      ...(array.length === 0 ? {} : { array }),
      ...(Object.keys(map).length === 0 ? {} : { map }),
    }),
  );
}
