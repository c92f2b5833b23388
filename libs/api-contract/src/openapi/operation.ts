/** One route as an operation of OpenAPI: parameters, body, answers, errors, access. */
import type { RouteContract } from '../route.js';
import type { Components, JsonSchema } from './components.js';

interface ErrorResponse {
  readonly name: string;
  readonly description: string;
}

/** Every error has the same body (N21); the status is that of its google.rpc code. */
export const ERROR_RESPONSES = {
  400: { name: 'BadRequest', description: 'The input is invalid, or the object is in a state that does not allow it.' },
  401: { name: 'Unauthenticated', description: 'There is no session, or it is over.' },
  403: {
    name: 'PermissionDenied',
    description:
      'The caller may not do it; also for objects that do not exist, unless the request names their project.',
  },
  404: { name: 'NotFound', description: 'There is no such object.' },
  409: { name: 'Conflict', description: 'The name is taken, or the object changed meanwhile.' },
  410: { name: 'Gone', description: 'The list that `continue` belongs to is no longer known: begin again without it.' },
  415: {
    name: 'UnsupportedMediaType',
    description: 'Requests that change something need `content-type: application/json`.',
  },
  429: { name: 'TooManyRequests', description: 'Too many requests; `retry-after` says when to try again.' },
  500: { name: 'Internal', description: 'A defect; the message names the request in the log of the API server.' },
  503: { name: 'Unavailable', description: 'Something that is needed cannot be reached now; try again.' },
  504: { name: 'DeadlineExceeded', description: 'It took too long.' },
} as const satisfies Readonly<Record<number, ErrorResponse>>;

type ErrorStatus = keyof typeof ERROR_RESPONSES;

export function operationOf(route: RouteContract, components: Components): JsonSchema {
  const { params, query, body, response } = route.schemas;
  const parameters = [
    ...parametersOf(params, { place: 'path', components }),
    ...parametersOf(query, { place: 'query', components }),
  ];
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.access === 'public' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(route, components) }),
    responses: {
      200: successOf(route, components.show(response)),
      ...Object.fromEntries(
        statusesOf(route).map((status) => [status, { $ref: `#/components/responses/${ERROR_RESPONSES[status].name}` }]),
      ),
    },
    'x-permission': route.access,
    ...(route.stream === true ? { 'x-stream': true } : {}),
  };
}

interface Placement {
  readonly place: 'path' | 'query';
  readonly components: Components;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function parametersOf(schema: object | undefined, { place, components }: Placement): readonly JsonSchema[] {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...shown } = components.show(oneOrMany(property)) as { description?: string };
    return {
      ...{ name, in: place, required: place === 'path' || required.includes(name) },
      ...(description === undefined ? {} : { description }),
      schema: shown,
    };
  });
}

/** A parameter that may be given several times is a list, though a single one is read as well. */
function oneOrMany(schema: object): object {
  const { anyOf, description } = schema as { anyOf?: readonly { type?: string }[]; description?: string };
  const list = anyOf?.find(({ type }) => type === 'array');
  return list === undefined ? schema : { ...list, ...(description === undefined ? {} : { description }) };
}

function requestBodyOf({ bodyLines, schemas }: RouteContract, components: Components): JsonSchema {
  const { body = {} } = schemas;
  if (bodyLines !== true) return { required: true, content: { 'application/json': { schema: components.show(body) } } };
  const { items = {} } = body as { readonly items?: object };
  return {
    ...{ required: true, description: 'A sequence of such objects, one JSON a line.' },
    content: { 'application/json': { schema: components.show(items) } },
  };
}

function successOf({ stream }: RouteContract, schema: JsonSchema): JsonSchema {
  if (stream !== true) return { description: 'A successful response.', content: { 'application/json': { schema } } };
  const item = {
    type: 'object',
    properties: { result: schema, error: { $ref: '#/components/schemas/ErrorBody' } },
  };
  return {
    description: 'One JSON object a line, or a server-sent event each for `Accept: text/event-stream`.',
    content: { 'application/json': { schema: item }, 'text/event-stream': { schema: { type: 'string' } } },
  };
}

function statusesOf(route: RouteContract): readonly ErrorStatus[] {
  const { params, query, body } = route.schemas;
  const changes = route.method !== 'GET';
  const applies: Readonly<Record<ErrorStatus, boolean>> = {
    400: [params, query, body].some((schema) => schema !== undefined),
    401: route.access !== 'public' || changes,
    403: typeof route.access === 'object',
    404: params !== undefined,
    409: changes && typeof route.access === 'object',
    410: hasProperty(query, 'continue'),
    415: changes,
    429: route.access === 'public' && changes,
    500: true,
    503: true,
    504: true,
  };
  return (Object.keys(applies).map(Number) as ErrorStatus[]).filter((status) => applies[status]);
}

function hasProperty(schema: object | undefined, name: string): boolean {
  return schema !== undefined && name in ((schema as ObjectSchema).properties ?? {});
}
