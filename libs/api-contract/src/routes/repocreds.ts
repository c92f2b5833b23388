/** Routes of credential templates (N12, G09), for reading and for the manifest hydrator's writing. */
import type { AccessAction, AccessResource } from '@tiphys/model';
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EmptySchema, flag, text } from '../schemas/common.js';
import {
  RepoCredsBodySchema,
  RepoCredsInputSchema,
  RepoCredsListSchema,
  RepoCredsUpdateSchema,
} from '../schemas/repositories.js';

const tag = 'RepoCredsService';
const params = Type.Object({ url: Type.String({ minLength: 1, maxLength: 2048, description: 'Of the template.' }) });

interface Family {
  readonly path: string;
  readonly resource: AccessResource;
  /** What operation ids have before `Repository`. */
  readonly write: string;
}

function familyRoutes({ path, resource, write }: Family) {
  const access = (action: AccessAction) => ({ resource, action });
  const operation = (verb: string) => ({ tag, operationId: `${tag}_${verb}${write}RepositoryCredentials` });
  return {
    list: defineRoute({
      access: { ...access('get'), perItem: true },
      ...{ method: 'GET', path, ...operation('List') },
      summary: 'Gets a list of all configured credential templates',
      schemas: { query: Type.Object({ url: text() }), response: RepoCredsListSchema },
    }),
    create: defineRoute({
      access: access('create'),
      ...{ method: 'POST', path, ...operation('Create') },
      summary: 'Creates a credential template',
      schemas: {
        query: Type.Object({ upsert: flag() }),
        body: RepoCredsInputSchema,
        response: RepoCredsBodySchema,
      },
    }),
    update: defineRoute({
      access: access('update'),
      ...{ method: 'PUT', path: `${path}/{url}`, ...operation('Update') },
      summary: 'Replaces a credential template; credentials that are left out are removed',
      schemas: { params, body: RepoCredsUpdateSchema, response: RepoCredsBodySchema },
    }),
    delete: defineRoute({
      access: access('delete'),
      ...{ method: 'DELETE', path: `${path}/{url}`, ...operation('Delete') },
      summary: 'Deletes a credential template',
      schemas: { params, response: EmptySchema },
    }),
  };
}

export const repoCredsRoutes = familyRoutes({ path: '/api/v1/repocreds', resource: 'repositories', write: '' });

export const writeRepoCredsRoutes = familyRoutes({
  ...{ path: '/api/v1/write-repocreds', resource: 'write-repositories', write: 'Write' },
});
