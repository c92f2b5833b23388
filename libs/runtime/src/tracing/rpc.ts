/** Calls between the services: the id of the request and the trace go with them, in both directions. */
import { currentScope, inScope, isRequestId, REQUEST_ID_HEADER } from '../work-scope.js';
import type { Tracer } from './tracer.js';

export type CallHeaders = Readonly<Record<string, string>>;

export interface RpcMethod {
  /** With its package. */
  readonly service: string;
  readonly method: string;
}

/** Around every call that a client makes: `send` gets the headers to send along. */
export function outgoingCalls(
  tracer: Tracer,
): <T>(method: RpcMethod, send: (headers: CallHeaders) => Promise<T>) => Promise<T> {
  return (method, send) => {
    const { requestId } = currentScope();
    const id = requestId === undefined ? {} : { [REQUEST_ID_HEADER]: requestId };
    return tracer.span(nameOf(method), { kind: 'client', fields: fieldsOf(method) }, () =>
      send({ ...id, ...tracer.headers() }),
    );
  };
}

export interface IncomingCall extends RpcMethod {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Around the work of a server for one call. */
export function incomingCall<T>(tracer: Tracer, call: IncomingCall, work: () => Promise<T>): Promise<T> {
  const requestId = call.headers[REQUEST_ID_HEADER];
  const options = { kind: 'server', fields: fieldsOf(call), caller: call.headers } as const;
  const traced = (): Promise<T> => tracer.span(nameOf(call), options, work);
  return isRequestId(requestId) ? inScope({ requestId }, traced) : traced();
}

function nameOf({ service, method }: RpcMethod): string {
  return `${service}/${method}`;
}

function fieldsOf({ service, method }: RpcMethod) {
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
}
