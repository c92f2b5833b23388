/** The application routes that show state (N02-N04). */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import {
  ApplicationTreeSchema,
  ChartDetailsSchema,
  EventListSchema,
  EventsQuerySchema,
  ManagedResourcesSchema,
  ManifestsQuerySchema,
  ManifestsResponseSchema,
  ManifestsWithFilesBodySchema,
  OciMetadataSchema,
  ResourceFilterQuerySchema,
  RevisionMetadataQuerySchema,
  RevisionMetadataSchema,
  ServerSideDiffQuerySchema,
  ServerSideDiffResponseSchema,
  SyncWindowsResponseSchema,
} from '../schemas/application-state.js';
import { ApplicationParamsSchema, ApplicationScopeSchema } from '../schemas/common.js';

const tag = 'ApplicationService';
const one = '/api/v1/applications/{name}';
const params = ApplicationParamsSchema;
const revisionParams = Type.Object({ ...params.properties, revision: Type.String({ minLength: 1 }) });

export const applicationStateRoutes = {
  resourceTree: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/resource-tree`, operationId: 'ApplicationService_ResourceTree', tag },
    summary: 'ResourceTree returns resource tree',
    schemas: { params, query: ResourceFilterQuerySchema, response: ApplicationTreeSchema },
  }),
  managedResources: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/managed-resources`, operationId: 'ApplicationService_ManagedResources', tag },
    summary: 'ManagedResources returns list of managed resources',
    schemas: { params, query: ResourceFilterQuerySchema, response: ManagedResourcesSchema },
  }),
  manifests: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/manifests`, operationId: 'ApplicationService_GetManifests', tag },
    summary: 'GetManifests returns application manifests',
    schemas: { params, query: ManifestsQuerySchema, response: ManifestsResponseSchema },
  }),
  /** The files are rendered alone: nothing that they name elsewhere is fetched for them. */
  manifestsWithFiles: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'POST', path: '/api/v1/applications/manifestsWithFiles', tag, bodyLines: true },
    operationId: 'ApplicationService_GetManifestsWithFiles',
    summary: 'GetManifestsWithFiles returns application manifests using provided files to generate them',
    schemas: { body: ManifestsWithFilesBodySchema, response: ManifestsResponseSchema },
  }),
  serverSideDiff: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/server-side-diff`, operationId: 'ApplicationService_ServerSideDiff', tag },
    summary: 'ServerSideDiff performs server-side diff calculation using dry-run apply',
    schemas: { params, query: ServerSideDiffQuerySchema, response: ServerSideDiffResponseSchema },
  }),
  revisionMetadata: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/revisions/{revision}/metadata`, tag },
    operationId: 'ApplicationService_RevisionMetadata',
    summary: 'Get the meta-data (author, date, tags, message) for a specific revision of the application',
    schemas: { params: revisionParams, query: RevisionMetadataQuerySchema, response: RevisionMetadataSchema },
  }),
  chartDetails: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/revisions/{revision}/chartdetails`, tag },
    operationId: 'ApplicationService_RevisionChartDetails',
    summary: 'Get the chart metadata (description, maintainers, home) for a specific revision of the application',
    schemas: { params: revisionParams, query: RevisionMetadataQuerySchema, response: ChartDetailsSchema },
  }),
  ociMetadata: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/revisions/{revision}/ocimetadata`, tag },
    operationId: 'ApplicationService_GetOCIMetadata',
    summary: 'Get the annotations of the OCI artefact of a specific revision of the application',
    schemas: { params: revisionParams, query: RevisionMetadataQuerySchema, response: OciMetadataSchema },
  }),
  syncWindows: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/syncwindows`, operationId: 'ApplicationService_GetApplicationSyncWindows', tag },
    summary: 'Get returns sync windows of the application',
    schemas: { params, query: ApplicationScopeSchema, response: SyncWindowsResponseSchema },
  }),
  events: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/events`, operationId: 'ApplicationService_ListResourceEvents', tag },
    summary: 'ListResourceEvents returns a list of event resources',
    schemas: { params, query: EventsQuerySchema, response: EventListSchema },
  }),
  watchResourceTree: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: '/api/v1/stream/applications/{name}/resource-tree', tag },
    operationId: 'ApplicationService_WatchResourceTree',
    summary: 'Watch returns stream of application resource tree',
    stream: true,
    schemas: { params, query: ResourceFilterQuerySchema, response: ApplicationTreeSchema },
  }),
};
