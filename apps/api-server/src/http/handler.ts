/** What a handler is: a plain function from input and context to an answer or items. REST is one of its bindings. */
import type { RouteInput, RouteOutput, RouteSchemas } from '@tiphys/api-contract';
import type { PublicContext, RequestContext, Stream } from './context.js';
import type { Serialized } from './json.js';

export type Handler<S extends RouteSchemas> = (
  input: RouteInput<S>,
  context: RequestContext,
) => Promise<RouteOutput<S> | Serialized>;

export type PublicHandler<S extends RouteSchemas> = (
  input: RouteInput<S>,
  context: PublicContext,
) => Promise<RouteOutput<S> | Serialized>;

/** Rejects when the request cannot be served; resolves with the items, whose sequence ends with the context's signal. */
export type StreamHandler<S extends RouteSchemas> = (
  input: RouteInput<S>,
  context: RequestContext,
) => Promise<Stream<RouteOutput<S> | Serialized>>;
