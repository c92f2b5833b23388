/** Argo CD's plugin contract on a unix socket. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { GitOpsError, toGitOpsError } from '@tiphys/model';
import {
  type AppStreamRequest,
  CheckPluginConfigurationResponseSchema,
  ConfigManagementPluginService,
  grpcServiceDefinition,
  MAX_MESSAGE_BYTES,
  ManifestResponseSchema,
  ParametersAnnouncementResponseSchema,
  RepositoryResponseSchema,
  toGrpcFailure,
} from '@tiphys/proto';
import type { Logger } from '@tiphys/runtime';
import { DIGEST_HEADER, REVISION_HEADER, RULE_HEADER } from '../client.js';
import { encodeRule } from '../match-path.js';
import type { PluginSpec } from './config.js';
import type { PluginCall, PluginService } from './service.js';

export interface PluginServerOptions {
  readonly socket: string;
  readonly spec: PluginSpec;
  readonly service: PluginService;
  readonly log: Logger;
}

export interface PluginServer {
  /** Lets running calls end until the time is over; the socket is gone at once. */
  stop(graceMs: number): Promise<void>;
}

/** @throws GitOpsError InvalidSpec when the socket cannot be made. */
export async function startPluginServer(options: PluginServerOptions): Promise<PluginServer> {
  const { socket, spec, service } = options;
  const stopping = new AbortController();
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  const bind = <T>(
    method: string,
    run: (call: PluginCall, signal: AbortSignal) => Promise<T>,
    answer: (value: T) => Message,
  ) =>
    streamHandler({ options, method, stopping: stopping.signal }, async (call, signal) =>
      answer(await run(call, signal)),
    );
  server.addService(grpcServiceDefinition(ConfigManagementPluginService), {
    checkPluginConfiguration: (call: ServerUnaryCall<Message, Message>, callback: sendUnaryData<Message>) => {
      const headers = new Metadata();
      headers.set(DIGEST_HEADER, spec.digest);
      if (spec.ignoresRevision) headers.set(REVISION_HEADER, 'true');
      if (spec.discover && spec.discover.kind !== 'command') headers.set(RULE_HEADER, encodeRule(spec.discover));
      call.sendMetadata(headers);
      const isDiscoveryConfigured = spec.discover !== undefined;
      const { provideGitCreds } = spec;
      callback(null, create(CheckPluginConfigurationResponseSchema, { isDiscoveryConfigured, provideGitCreds }));
    },
    generateManifest: bind('GenerateManifest', service.generate, (manifests) =>
      create(ManifestResponseSchema, { manifests: [...manifests] }),
    ),
    matchRepository: bind('MatchRepository', service.match, (isSupported) =>
      create(RepositoryResponseSchema, { isSupported, isDiscoveryEnabled: spec.discover !== undefined }),
    ),
    getParametersAnnouncement: bind('GetParametersAnnouncement', service.announce, (parameterAnnouncements) =>
      create(ParametersAnnouncementResponseSchema, {
        parameterAnnouncements: parameterAnnouncements as MessageInitShape<
          typeof ParametersAnnouncementResponseSchema
        >['parameterAnnouncements'],
      } as MessageInitShape<typeof ParametersAnnouncementResponseSchema>),
    ),
  });
  await listen(server, socket);
  return {
    stop: async (graceMs) => {
      await rm(socket, { force: true });
      await shutDown(server, stopping, graceMs);
    },
  };
}

async function listen(server: Server, socket: string): Promise<void> {
  try {
    await mkdir(dirname(socket), { recursive: true });
    await rm(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    // Others in the pod have no business here; the repo-server may run as another user of the group.
    await chmod(socket, 0o770);
  } catch (error) {
    const next = 'Mount the volume of the plugin sockets writable, or set TIPHYS_PLUGIN_DIR.';
    throw new GitOpsError('InvalidSpec', `The socket ${socket} cannot be made. ${next}`, { cause: error });
  }
}

async function shutDown(server: Server, stopping: AbortController, graceMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const timer = setTimeout(() => {
    stopping.abort(new GitOpsError('Waiting', 'The plugin server is stopping. It is retried.'));
    server.forceShutdown();
  }, graceMs);
  await ended;
  clearTimeout(timer);
}

interface Binding {
  readonly options: PluginServerOptions;
  readonly method: string;
  readonly stopping: AbortSignal;
}

type StreamCall = ServerReadableStream<AppStreamRequest, Message>;

/** A caller that never sets a deadline is answered all the same, one day. */
const NO_DEADLINE_MS = 10 * 60_000;

function streamHandler(
  { options, method, stopping }: Binding,
  run: (call: PluginCall, signal: AbortSignal) => Promise<Message>,
) {
  return (call: StreamCall, callback: sendUnaryData<Message>): void => {
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort(new GitOpsError('Waiting', 'The caller no longer waits for the answer.')));
    const signal = AbortSignal.any([gone.signal, stopping]);
    run({ stream: call, leftMs: leftOf(call.getDeadline()) }, signal).then(
      (answer) => callback(null, answer),
      (error: unknown) => {
        const failure = toGitOpsError(error);
        options.log[failure.policy.log]('request failed', { method, code: failure.code, reason: failure.message });
        // What was not read of the archive would keep the call open.
        call.resume();
        callback(toGrpcFailure(failure));
      },
    );
  };
}

function leftOf(deadline: Date | number): number {
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(at) ? at - Date.now() : NO_DEADLINE_MS;
}
