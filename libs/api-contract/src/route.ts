/** What a route is: its method, path and schemas, from which the server binds it, clients call it and OpenAPI shows it. */
import type { AccessAction, AccessResource } from '@tiphys/model';
import type { Static, TSchema } from 'typebox';

export const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** Schemas of one route; an absent part means that the route does not read it. */
export interface RouteSchemas {
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly response: TSchema;
}

/** What a caller must be allowed at least. The object is the one that the request names. */
export interface RoutePermission {
  readonly resource: AccessResource;
  readonly action: AccessAction;
  /** True: nobody is refused; the answer holds what the caller may see. */
  readonly perItem?: boolean;
}

/** `public`: nobody need log in. `session`: whoever has logged in, for what concerns only himself. */
export type RouteAccess = 'public' | 'session' | RoutePermission;

export interface RouteContract<S extends RouteSchemas = RouteSchemas> {
  readonly method: HttpMethod;
  /** OpenAPI form: `/api/v1/applications/{name}`. */
  readonly path: string;
  /** As in Argo CD's swagger.json, so that generated clients keep their method names. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: RouteAccess;
  /** True: the last parameter takes the rest of the path, slashes too. */
  readonly rest?: boolean;
  /** True: the answer is a sequence of `{"result": response}`, one JSON per line or one server-sent event each (N19). */
  readonly stream?: boolean;
  /** True: the body is a sequence of JSON objects, one a line, as grpc-gateway takes them; its schema is the array of them. */
  readonly bodyLines?: boolean;
  readonly schemas: S;
}

/** Declares a route; the identity function that keeps the schema types. */
export function defineRoute<const S extends RouteSchemas>(route: RouteContract<S>): RouteContract<S> {
  return route;
}

type Part<S, K extends keyof RouteSchemas> = S extends { readonly [P in K]: infer T extends TSchema }
  ? Static<T>
  : undefined;

/** What a handler of the route gets. */
export interface RouteInput<S extends RouteSchemas> {
  readonly params: Part<S, 'params'>;
  readonly query: Part<S, 'query'>;
  readonly body: Part<S, 'body'>;
}

export type RouteOutput<S extends RouteSchemas> = Static<S['response']>;

/** `{name}` to the value of `name`, percent-encoded. Throws when a value is missing. */
export function routePath(route: Pick<RouteContract, 'path'>, params: Readonly<Record<string, string>>): string {
  return route.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new RangeError(`the path ${route.path} needs a value for "${name}"`);
    return encodeURIComponent(value);
  });
}
