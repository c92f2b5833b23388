/** Generated protobuf-es messages and the grpc-js service definitions derived from them. */
export * from './gen/tiphys/reposerver/v1/reposerver_pb.js';
export { grpcServiceDefinition } from './service-definition.js';
