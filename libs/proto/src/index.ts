/** Generated protobuf-es messages, the grpc-js service definitions derived from them, and the typed client of the repo-server. */
export {
  type AppStreamRequest,
  AppStreamRequestSchema,
  type CheckPluginConfigurationResponse,
  CheckPluginConfigurationResponseSchema,
  ConfigManagementPluginService,
  type EnvEntry,
  type ManifestRequestMetadata,
  ManifestResponseSchema,
  type ParameterAnnouncement,
  ParameterAnnouncementSchema,
  ParametersAnnouncementResponseSchema,
  RepositoryResponseSchema,
} from './gen/argocd/plugin_pb.js';
export * from './gen/tiphys/reposerver/v1/reposerver_pb.js';
export {
  type AppDetailsCall,
  createGenerateManifests,
  createGetAppDetails,
  type GenerateManifests,
  type GetAppDetails,
  type ManifestsCall,
} from './needed-repositories.js';
export {
  type ClientTls,
  createRepoServerClient,
  MAX_MESSAGE_BYTES,
  type RepoServerClient,
  type RepoServerClientOptions,
} from './repo-server-client.js';
export { grpcServiceDefinition } from './service-definition.js';
export {
  ERROR_CODE_TRAILER,
  fromGrpcError,
  type GrpcFailure,
  RETRY_AFTER_TRAILER,
  RepositoriesNeededError,
  toGrpcFailure,
} from './transport-errors.js';
