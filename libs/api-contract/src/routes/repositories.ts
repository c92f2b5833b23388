/** Repository routes (N11, G01-G10, G15), for reading and for the manifest hydrator's writing, and the list of plugins (N14). */
import type { AccessAction, AccessResource } from '@tiphys/model';
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema, flag, text } from '../schemas/common.js';
import {
  AppDetailsQuerySchema,
  AppDetailsSchema,
  AppInfoListSchema,
  HelmChartListSchema,
  PluginListSchema,
  RefListSchema,
  RepositoryBodySchema,
  RepositoryInputSchema,
  RepositoryListSchema,
  RepositoryUpdateSchema,
  ValidateBodySchema,
  ValidateQuerySchema,
} from '../schemas/repositories.js';

const tag = 'RepositoryService';
const params = Type.Object({ repo: Type.String({ minLength: 1, maxLength: 2048, description: 'The address.' }) });
const one = Type.Object({ appProject: text(), forceRefresh: flag() });
/** `forceRefresh` is about the state of connections, which these answers do not hold. */
const contents = one;
const list = Type.Object({ repo: text(), appProject: text(), type: text(), forceRefresh: flag() });

/** The same routes twice; `name` is what operation ids have, `plural` and `single` besides. */
interface Family {
  readonly path: string;
  readonly resource: AccessResource;
  readonly plural: string;
  readonly single: string;
  readonly write: string;
}

function familyRoutes({ path, resource, plural, single, write }: Family) {
  const access = (action: AccessAction) => ({ resource, action });
  const operation = (name: string) => ({ tag, operationId: `${tag}_${name}` });
  return {
    list: defineRoute({
      access: { ...access('get'), perItem: true },
      ...{ method: 'GET', path, ...operation(`List${plural}`) },
      summary: `Gets a list of all configured ${plural.toLowerCase()}, with the state of their connections`,
      schemas: { query: list, response: RepositoryListSchema },
    }),
    create: defineRoute({
      access: access('create'),
      ...{ method: 'POST', path, ...operation(`Create${single}`) },
      summary: 'Creates the configuration of a repository, after a test of its connection',
      schemas: {
        query: Type.Object({ upsert: flag(), credsOnly: flag() }),
        body: RepositoryInputSchema,
        response: RepositoryBodySchema,
      },
    }),
    get: defineRoute({
      access: access('get'),
      ...{ method: 'GET', path: `${path}/{repo}`, ...operation(`Get${write}`) },
      summary: 'Returns a repository and the state of its connection',
      schemas: { params, query: one, response: RepositoryBodySchema },
    }),
    update: defineRoute({
      access: access('update'),
      ...{ method: 'PUT', path: `${path}/{repo}`, ...operation(`Update${single}`) },
      summary: 'Replaces the configuration of a repository; credentials that are left out are removed',
      schemas: { params, body: RepositoryUpdateSchema, response: RepositoryBodySchema },
    }),
    delete: defineRoute({
      access: access('delete'),
      ...{ method: 'DELETE', path: `${path}/{repo}`, ...operation(`Delete${single}`) },
      summary: 'Deletes a repository from the configuration',
      schemas: { params, query: one, response: EmptySchema },
    }),
    validate: defineRoute({
      access: access('create'),
      ...{ method: 'POST', path: `${path}/{repo}/validate`, ...operation(`Validate${write}Access`) },
      summary: 'Tests access to a repository with the given parameters',
      schemas: { params, query: ValidateQuerySchema, body: ValidateBodySchema, response: EmptySchema },
    }),
  };
}

const path = '/api/v1/repositories';
const get = { resource: 'repositories', action: 'get' } as const;

export const repositoryRoutes = {
  ...familyRoutes({ path, resource: 'repositories', plural: 'Repositories', single: 'Repository', write: '' }),
  apps: defineRoute({
    access: get,
    ...{ method: 'GET', path: `${path}/{repo}/apps`, operationId: `${tag}_ListApps`, tag },
    summary: 'Lists the folders of a repository that look like applications',
    schemas: {
      params,
      query: Type.Object({ revision: text(), appName: text(), appProject: text() }),
      response: AppInfoListSchema,
    },
  }),
  helmCharts: defineRoute({
    access: get,
    ...{ method: 'GET', path: `${path}/{repo}/helmcharts`, operationId: `${tag}_GetHelmCharts`, tag },
    summary: 'Lists the charts of a Helm repository',
    schemas: { params, query: contents, response: HelmChartListSchema },
  }),
  ociTags: defineRoute({
    access: get,
    ...{ method: 'GET', path: `${path}/{repo}/oci-tags`, operationId: `${tag}_ListOCITags`, tag },
    summary: 'Lists the tags of a folder in a registry',
    schemas: { params, query: contents, response: RefListSchema },
  }),
  refs: defineRoute({
    access: get,
    ...{ method: 'GET', path: `${path}/{repo}/refs`, operationId: `${tag}_ListRefs`, tag },
    summary: 'Lists the branches and tags of a repository',
    schemas: { params, query: contents, response: RefListSchema },
  }),
  appDetails: defineRoute({
    access: get,
    ...{ method: 'POST', path: `${path}/{repo}/appdetails`, operationId: `${tag}_GetAppDetails`, tag },
    summary: 'Says what can be set for a source',
    schemas: { params, body: AppDetailsQuerySchema, response: AppDetailsSchema },
  }),
  plugins: defineRoute({
    access: 'session',
    ...{ method: 'GET', path: '/api/v1/settings/plugins', operationId: 'SettingsService_GetPlugins' },
    tag: 'SettingsService',
    summary: 'Lists the config management plugins that run beside the repo-server',
    schemas: { response: PluginListSchema },
  }),
};

export const writeRepositoryRoutes = familyRoutes({
  path: '/api/v1/write-repositories',
  resource: 'write-repositories',
  plural: 'WriteRepositories',
  single: 'WriteRepository',
  write: 'Write',
});
