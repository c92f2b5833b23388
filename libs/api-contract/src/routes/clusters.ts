/** Cluster routes (N09). */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema, flag, int64, ListMetaSchema, text, texts } from '../schemas/common.js';

const tag = 'ClusterService';
const textMap = () => Type.Optional(Type.Record(Type.String(), Type.String()));
const stringList = () => Type.Optional(Type.Array(Type.String()));

/** How Tiphys proves itself to the cluster (H02, H03). Answers hold no password, token, key, plugin argument or variable. */
export const ClusterConfigSchema = Type.Object({
  username: text(),
  password: text(),
  bearerToken: text(),
  tlsClientConfig: Type.Optional(
    Type.Object({
      insecure: flag(),
      serverName: text(),
      /** Base64 of PEM, as the other two. */
      caData: text(),
      certData: text(),
      keyData: text(),
    }),
  ),
  awsAuthConfig: Type.Optional(Type.Object({ clusterName: text(), roleARN: text(), profile: text() })),
  execProviderConfig: Type.Optional(
    Type.Object({
      command: text(),
      args: stringList(),
      env: textMap(),
      apiVersion: text(),
      installHint: text(),
    }),
  ),
  proxyUrl: text(),
  disableCompression: flag(),
});

export const ConnectionStateSchema = Type.Object({ status: text(), message: text(), attemptedAt: text() });

export const ClusterSchema = Type.Object({
  server: text(),
  name: text(),
  config: Type.Optional(ClusterConfigSchema),
  /** Empty: all namespaces (H04). */
  namespaces: stringList(),
  clusterResources: flag(),
  project: text(),
  shard: Type.Optional(int64()),
  labels: textMap(),
  annotations: textMap(),
  /** Answers only, as the two below. */
  connectionState: Type.Optional(ConnectionStateSchema),
  serverVersion: text(),
  info: Type.Optional(
    Type.Object({
      connectionState: Type.Optional(ConnectionStateSchema),
      serverVersion: text(),
      cacheInfo: Type.Optional(Type.Object({ resourcesCount: Type.Integer(), apisCount: Type.Integer() })),
      applicationsCount: Type.Integer(),
    }),
  ),
});
export const ClusterListSchema = Type.Object({ metadata: ListMetaSchema, items: Type.Array(ClusterSchema) });

export type ClusterBody = Static<typeof ClusterSchema>;
export type ClusterConfigBody = Static<typeof ClusterConfigSchema>;

const all = '/api/v1/clusters';
const one = `${all}/{id}`;
const params = Type.Object({ id: Type.String({ minLength: 1, description: 'The server URL, or what id.type says.' }) });
/** `name`, `name_escaped` (URL-escaped once more), or the server's URL. */
const idType = { 'id.type': text() };
/** As in Argo CD, `server` and `name` are read where the path names no cluster. */
const oneQuery = Type.Object({ ...idType, server: text(), name: text() });

export const clusterRoutes = {
  list: defineRoute({
    access: { resource: 'clusters', action: 'get', perItem: true },
    ...{ method: 'GET', path: all, operationId: 'ClusterService_List', tag },
    summary: 'List returns list of clusters',
    schemas: {
      query: Type.Object({ server: text(), name: text(), 'id.value': text(), ...idType }),
      response: ClusterListSchema,
    },
  }),
  create: defineRoute({
    access: { resource: 'clusters', action: 'create' },
    ...{ method: 'POST', path: all, operationId: 'ClusterService_Create', tag },
    summary: 'Create creates a cluster',
    schemas: { query: Type.Object({ upsert: flag() }), body: ClusterSchema, response: ClusterSchema },
  }),
  get: defineRoute({
    access: { resource: 'clusters', action: 'get' },
    ...{ method: 'GET', path: one, operationId: 'ClusterService_Get', tag },
    summary: 'Get returns a cluster by server address',
    schemas: { params, query: oneQuery, response: ClusterSchema },
  }),
  update: defineRoute({
    access: { resource: 'clusters', action: 'update' },
    ...{ method: 'PUT', path: one, operationId: 'ClusterService_Update', tag },
    summary: 'Update updates a cluster',
    schemas: {
      params,
      query: Type.Object({ ...idType, updatedFields: texts() }),
      body: ClusterSchema,
      response: ClusterSchema,
    },
  }),
  delete: defineRoute({
    access: { resource: 'clusters', action: 'delete' },
    ...{ method: 'DELETE', path: one, operationId: 'ClusterService_Delete', tag },
    summary: 'Delete deletes a cluster',
    schemas: { params, query: oneQuery, response: EmptySchema },
  }),
  invalidateCache: defineRoute({
    access: { resource: 'clusters', action: 'update' },
    ...{ method: 'POST', path: `${one}/invalidate-cache`, operationId: 'ClusterService_InvalidateCache', tag },
    summary: 'InvalidateCache invalidates cluster cache',
    schemas: { params, query: Type.Object(idType), response: ClusterSchema },
  }),
  rotateAuth: defineRoute({
    access: { resource: 'clusters', action: 'update' },
    ...{ method: 'POST', path: `${one}/rotate-auth`, operationId: 'ClusterService_RotateAuth', tag },
    summary: 'RotateAuth rotates the bearer token used for a cluster',
    schemas: { params, query: Type.Object(idType), response: EmptySchema },
  }),
};
