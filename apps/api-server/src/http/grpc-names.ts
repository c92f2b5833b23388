/** What a REST request is called where Argo CD's gRPC methods are counted. Pure. */
import type { GrpcCall } from '@tiphys/runtime';

/** Packages of Argo CD's services whose names do not say them. */
const PACKAGES: Readonly<Record<string, string>> = {
  SettingsService: 'cluster',
  GPGKeyService: 'gpgkey',
  RepoCredsService: 'repocreds',
  ApplicationSetService: 'applicationset',
};

interface Operation {
  readonly operationId: string;
  readonly stream?: boolean | undefined;
}

/** `ApplicationService_List` is the method `List` of `application.ApplicationService`; undefined for what is no operation. */
export function callOf(operation: Operation | undefined): GrpcCall | undefined {
  const [, name, method] = /^(\w+?)_(\w+)$/.exec(operation?.operationId ?? '') ?? [];
  if (name === undefined || method === undefined) return undefined;
  const packageName = PACKAGES[name] ?? name.replace(/Service$/, '').toLowerCase();
  return { type: operation?.stream === true ? 'server_stream' : 'unary', service: `${packageName}.${name}`, method };
}

const CODES: Readonly<Record<number, number>> = {
  ...{ 400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 410: 11, 412: 9, 413: 8, 415: 3, 422: 3, 429: 8, 499: 1 },
  ...{ 500: 13, 501: 12, 502: 14, 503: 14, 504: 4 },
};

/** The code that grpc-gateway makes of the same status, the other way round. */
export function grpcCodeOf(status: number): number {
  return status < 400 ? 0 : (CODES[status] ?? (status < 500 ? 3 : 13));
}
