/** Clusters, repositories and credential templates (N09, N11, N12). */
import { expect } from 'vitest';
import { type CaseTable, FILTER, hidden, invalid, none, notFound, type OperationCases, unreadable } from '../case.js';
import { absentRepository, asAdmin, cluster, clusterBody, repository, template } from '../fixtures.js';
import type { World } from '../world.js';

const NAMES_ONLY = none('it takes names only');
const absentCluster = { params: { id: 'https://absent.invalid' } };
const real = (world: World) => ({ params: { id: world.plane.server } });
const badType = (params: { readonly id: string }) =>
  invalid(() => ({ params: { ...params, id: '%zz' }, query: { 'id.type': 'name_escaped' } }), /unescape/);
const noCluster = hidden(() => absentCluster);

export const clusterCases: CaseTable = {
  ClusterService_List: {
    success: () => ({}),
    missing: FILTER,
    invalid: none('it takes texts only'),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"real"'),
  },
  ClusterService_Create: {
    success: (world) => ({ body: clusterBody(world, 'again'), query: { upsert: 'true' } }),
    missing: none('it creates'),
    invalid: invalid(() => ({ body: { name: 'x', server: 'not an address' } }), /server/),
    conflict: invalid(
      (world) => ({ body: { ...clusterBody(world, 'other'), server: world.plane.server } }),
      /existing cluster spec is different, use upsert flag to force update/,
    ),
  },
  ClusterService_Get: { success: real, missing: noCluster, invalid: badType(absentCluster.params) },
  ClusterService_Update: {
    success: (world) => ({
      ...real(world),
      body: { server: world.plane.server, name: 'real', labels: { seen: 'yes' } },
      query: { updatedFields: 'labels' },
    }),
    missing: hidden(() => ({ ...absentCluster, body: { name: 'x' } })),
    invalid: invalid((world) => ({ ...real(world), body: { name: 1 } }), /name/),
    conflict: invalid(
      (world) => ({ ...real(world), body: { server: 'https://other.invalid' } }),
      /server cannot change/,
    ),
  },
  ClusterService_Delete: {
    success: async (world) => ({ params: { id: await cluster(world) } }),
    missing: noCluster,
    invalid: badType(absentCluster.params),
    conflict: none('a cluster goes whatever is deployed to it: clusters.int.test.ts'),
  },
  ClusterService_InvalidateCache: {
    success: real,
    missing: noCluster,
    invalid: badType(absentCluster.params),
    conflict: none('it changes nothing that is stored'),
  },
  ClusterService_RotateAuth: {
    success: async (world) => ({ params: { id: await clusterOfServiceAccount(world) } }),
    missing: noCluster,
    invalid: badType(absentCluster.params),
    conflict: invalid(() => ({ params: { id: 'https://127.0.0.1:2' } }), /does not use bearer token authentication/),
  },
};

/** A registration with the token of a service account: another one is not rotated. */
async function clusterOfServiceAccount(world: World): Promise<string> {
  const name = world.fresh('manager');
  const metadata = { name, namespace: world.target };
  await world.kube.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await world.kube.create({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name } },
    subjects: [{ kind: 'ServiceAccount', name, namespace: world.target }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  });
  const path = `/api/v1/namespaces/${world.target}/serviceaccounts/${name}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { status } = await world.kube.request<{ readonly status: { readonly token: string } }>('POST', path, {
    body: request,
  });
  world.canaries.watchToken('token of a service account', status.token);
  const body = clusterBody(world, 'rotated');
  await asAdmin(world, 'ClusterService_Create', {
    ...{ body: { ...body, config: { ...body.config, bearerToken: status.token } }, query: { upsert: 'true' } },
  });
  return body.server;
}

const NO_REPOSITORY = 'https://absent.invalid/none.git';
const absentRepo = { params: { repo: NO_REPOSITORY } };
const shop = (world: World) => ({ params: { repo: world.sources.shop } });

interface RepositoryFamily {
  readonly of: 'Repository' | 'WriteRepository';
  readonly plural: string;
  readonly get: string;
}

function credentials({ sources }: World) {
  return { username: sources.username, password: sources.gitPassword };
}

function repositoryFamily({ of, plural, get }: RepositoryFamily): CaseTable {
  const bad = invalid(() => ({ ...absentRepo, body: { type: 1 } }), /type/);
  return {
    [`RepositoryService_List${plural}`]: {
      success: (world) => ({ query: { repo: world.sources.shop } }),
      missing: FILTER,
      invalid: invalid(() => ({ query: { forceRefresh: 'perhaps' } }), /forceRefresh/),
      shows: (answer) => expect(answer).toMatchObject({ items: [{ type: 'git' }] }),
    },
    [`RepositoryService_Create${of}`]: {
      success: (world) => ({ body: { repo: world.sources.shop, ...credentials(world) }, query: { upsert: 'true' } }),
      missing: invalid(
        (world) => ({ body: { repo: absentRepository(world), password: world.canaries.plant('password of no host') } }),
        /Unable to connect to repository/,
      ),
      invalid: invalid(
        (world) => ({ body: { repo: 'not an address', password: world.canaries.plant('password of no address') } }),
        /address/,
      ),
      conflict: invalid(
        (world) => ({ body: { repo: world.sources.shop, ...credentials(world), enableLfs: true } }),
        /existing repository spec is different; use upsert flag to force update/,
      ),
    },
    [`RepositoryService_${get}`]: {
      success: shop,
      missing: hidden(() => absentRepo),
      invalid: invalid((world) => ({ ...shop(world), query: { forceRefresh: 'perhaps' } }), /forceRefresh/),
    },
    [`RepositoryService_Update${of}`]: {
      success: async (world) => {
        const repo = await repository(world, of);
        return { params: { repo }, body: { repo, name: 'changed' } };
      },
      missing: none('as in Argo CD, one that is not there is created'),
      invalid: bad,
      conflict: none('it replaces whatever is there'),
    },
    [`RepositoryService_Delete${of}`]: {
      success: async (world) => ({ params: { repo: await repository(world, of) } }),
      missing: hidden(() => absentRepo),
      invalid: invalid((world) => ({ ...shop(world), query: { forceRefresh: 'perhaps' } }), /forceRefresh/),
      conflict: none('it goes whatever uses it: repositories.int.test.ts'),
    },
    [`RepositoryService_Validate${get === 'Get' ? '' : 'Write'}Access`]: {
      success: (world) => ({ ...shop(world), body: credentials(world) }),
      missing: invalid(() => ({ ...absentRepo, body: '' }), /Unable to connect to repository/),
      invalid: invalid(
        (world) => ({
          ...shop(world),
          body: { ...credentials(world), password: world.canaries.plant('wrong password') },
        }),
        /Unable to connect to repository/,
      ),
      conflict: none('it changes nothing'),
    },
  };
}

const contents = (address: (world: World) => string): Pick<OperationCases, 'success' | 'missing'> => ({
  success: (world) => ({ params: { repo: address(world) } }),
  missing: invalid(() => absentRepo, /Unable to connect to repository: .*absent\.invalid/),
});

export const repositoryCases: CaseTable = {
  ...repositoryFamily({ of: 'Repository', plural: 'Repositories', get: 'Get' }),
  ...repositoryFamily({ of: 'WriteRepository', plural: 'WriteRepositories', get: 'GetWrite' }),
  RepositoryService_ListApps: {
    success: (world) => ({ ...shop(world), query: { appProject: 'team', appName: 'new' } }),
    missing: hidden((world) => ({ ...shop(world), query: { appProject: 'absent', appName: 'new' } })),
    invalid: unreadable(
      (world) => ({ ...shop(world), query: { appProject: 'team', appName: 'new', revision: 'absent' } }),
      /absent/,
    ),
    shows: (answer) => expect(answer).toMatchObject({ items: [{ path: 'kustomize', type: 'Kustomize' }] }),
  },
  RepositoryService_GetHelmCharts: {
    ...contents((world) => world.sources.charts),
    invalid: unreadable((world) => shop(world), /index of the Helm repository/),
    shows: (answer) => expect(answer).toEqual({ items: [{ name: 'web', versions: ['1.2.3'] }] }),
  },
  RepositoryService_ListOCITags: {
    ...contents((world) => world.sources.layers),
    invalid: NAMES_ONLY,
    shows: (answer) => expect(answer).toMatchObject({ tags: ['v1'] }),
  },
  RepositoryService_ListRefs: {
    ...contents((world) => world.sources.shop),
    invalid: NAMES_ONLY,
    shows: (answer) => expect(answer).toMatchObject({ branches: ['main'] }),
  },
  RepositoryService_GetAppDetails: {
    success: (world) => ({
      ...shop(world),
      body: { source: { repoURL: world.sources.shop, path: 'kustomize' }, appName: 'new', appProject: 'team' },
    }),
    missing: hidden((world) => ({
      ...shop(world),
      body: { source: { repoURL: world.sources.shop, path: 'web' }, appName: 'shop', appProject: 'default' },
    })),
    invalid: invalid((world) => ({ ...shop(world), body: {} }), /name the source/),
    conflict: none('it stores nothing'),
    shows: (answer) => expect(answer).toMatchObject({ type: 'Kustomize' }),
  },
};

function templateFamily(write: '' | 'Write'): CaseTable {
  const absent = { params: { url: NO_REPOSITORY } };
  const id = (verb: string) => `RepoCredsService_${verb}${write}RepositoryCredentials`;
  return {
    [id('List')]: {
      success: () => ({}),
      missing: FILTER,
      invalid: none('it takes texts only'),
      shows: (answer) => expect(JSON.stringify(answer)).toContain('https://creds.invalid'),
    },
    [id('Create')]: {
      success: (world) => ({
        body: { url: absentRepository(world), password: world.canaries.plant('password of a new template') },
      }),
      missing: none('it creates'),
      invalid: invalid(
        (world) => ({ body: { url: 'a b', password: world.canaries.plant('password of a bad template') } }),
        /address of credentials has no spaces/,
      ),
      conflict: invalid(
        async (world) => ({ body: { url: await template(world, write), username: 'another' } }),
        /existing repository credentials spec is different; use upsert flag to force update/,
      ),
    },
    [id('Update')]: {
      success: async (world) => ({ params: { url: await template(world, write) }, body: { username: 'another' } }),
      missing: none('as in Argo CD, one that is not there is created'),
      invalid: invalid(() => ({ ...absent, body: { username: 1 } }), /username/),
      conflict: none('it replaces whatever is there'),
    },
    [id('Delete')]: {
      success: async (world) => ({ params: { url: await template(world, write) } }),
      missing: notFound(() => absent, /repository credentials "https:\/\/absent.invalid\/none.git" not found/),
      invalid: NAMES_ONLY,
      conflict: none('it goes whatever uses it'),
    },
  };
}

export const templateCases: CaseTable = { ...templateFamily(''), ...templateFamily('Write') };
