/** One request for each operation of the contract and each object: what the matrix of access sends. */
import { createHash } from 'node:crypto';
import type { RouteContract } from '@tiphys/api-contract';

/** Objects of this project, of another one, and such as do not exist. */
export const PLACES = ['own', 'other', 'missing'] as const;
export type Place = (typeof PLACES)[number];

export interface Example {
  /** What the declared permission is asked for. */
  readonly object: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Target {
  /** The project. */
  readonly place: Place;
  /** The object's own name: that of its project, or one that is there for this request only. */
  readonly name: string;
}

export const repositoryUrl = (name: string) => `https://git.example.com/${name}.git`;
/** Nobody listens there, which is known without asking a name server. */
export const clusterUrl = (name: string) => `https://127.0.0.1:1/${name}`;
export const templateUrl = (name: string) => `https://git.example.com/${name}/`;

export const applicationSpec = (project: string) => ({
  project,
  source: { repoURL: repositoryUrl(project), path: 'app', targetRevision: 'main' },
  destination: { server: clusterUrl(project), namespace: 'web' },
});
export const applicationSetSpec = (project: string) => ({
  generators: [{ list: { elements: [] } }],
  template: { metadata: { name: '{{name}}' }, spec: applicationSpec(project) },
});

const FILES = { chunk: 'AAAA', checksum: createHash('sha256').update(Buffer.alloc(3)).digest('hex') };
const RESOURCE = { namespace: 'web', resourceName: 'shop', version: 'v1', group: 'apps', kind: 'Deployment' };

/** Undefined: nobody has said yet how to ask. */
export function exampleOf(route: RouteContract, target: Target): Example | undefined {
  const special = SPECIAL[route.operationId];
  if (special !== undefined) return special(target);
  return FAMILIES.find(([prefix]) => route.path.startsWith(prefix))?.[1](target);
}

const inProject = ({ place, name }: Target) => `${place}/${name}`;
/** What exists in no project is asked for by its address alone. */
const scoped = ({ place }: Target, address: string) => (place === 'missing' ? address : `${place}/${address}`);

const application = (target: Target): Example => ({
  object: inProject(target),
  params: { name: target.name, podName: 'shop-0', revision: 'main' },
});
const resource = (target: Target, body?: unknown): Example => {
  return { ...application(target), query: RESOURCE, ...(body === undefined ? {} : { body }) };
};
const applicationSet = (target: Target): Example => ({ object: inProject(target), params: { name: target.name } });
const project = ({ name }: Target): Example => {
  return { object: name, params: { name, project: name, role: 'dev', iat: '1' }, body: {} };
};
const cluster = (target: Target): Example => {
  const server = clusterUrl(target.name);
  return { object: scoped(target, server), params: { id: server }, body: { name: target.name, project: target.place } };
};
const repository = (target: Target): Example => {
  const repo = repositoryUrl(target.name);
  const query = { appProject: target.place };
  return { object: scoped(target, repo), params: { repo }, query, body: { project: target.place } };
};
const template = ({ name }: Target): Example => ({
  object: templateUrl(name),
  params: { url: templateUrl(name) },
  body: {},
});
const account = ({ name }: Target): Example => ({ object: name, params: { name, id: 'x' }, body: {} });
const installation = (): Example => ({ object: '', params: { keyID: '0123456789ABCDEF' } });

/** By the beginning of the path; the longer one first. */
const FAMILIES: readonly (readonly [string, (target: Target) => Example])[] = [
  ['/api/v1/applicationsets', applicationSet],
  ['/api/v1/stream/applicationsets', applicationSet],
  ['/api/v1/applications', application],
  ['/api/v1/stream/applications', application],
  ['/api/v1/projects', project],
  ['/api/v1/clusters', cluster],
  ['/api/v1/repositories', repository],
  ['/api/v1/write-repositories', repository],
  ['/api/v1/repocreds', template],
  ['/api/v1/write-repocreds', template],
  ['/api/v1/account', account],
  ['/api/v1/certificates', installation],
  ['/api/v1/gpgkeys', installation],
];

/** Objects that a request creates are new ones, in the project of the place. */
const created = (place: Place, body: unknown, object = `${place}/new`): Example => ({ object, body });

const SPECIAL: Readonly<Record<string, (target: Target) => Example>> = {
  ApplicationService_Create: ({ place }) => created(place, { metadata: { name: 'new' }, spec: applicationSpec(place) }),
  ApplicationService_GetManifestsWithFiles: ({ place, name }) => ({
    object: `${place}/${name}`,
    body: [{ query: { name, checksum: FILES.checksum } }, { chunk: { chunk: FILES.chunk } }],
  }),
  ApplicationService_Update: (target) => ({
    ...application(target),
    body: { metadata: { name: target.name }, spec: applicationSpec(target.place) },
  }),
  ApplicationService_UpdateSpec: (target) => ({ ...application(target), body: applicationSpec(target.place) }),
  ApplicationService_Patch: (target) => ({ ...application(target), body: { patch: '{}', patchType: 'merge' } }),
  ApplicationService_Sync: (target) => ({ ...application(target), body: {} }),
  ApplicationService_Rollback: (target) => ({ ...application(target), body: { id: 0 } }),
  ApplicationService_GetResource: (target) => resource(target),
  ApplicationService_ListResourceLinks: (target) => resource(target),
  ApplicationService_ListResourceActions: (target) => resource(target),
  ApplicationService_DeleteResource: (target) => resource(target),
  ApplicationService_PatchResource: (target) => resource(target, '{}'),
  ApplicationService_RunResourceAction: (target) => resource(target, 'restart'),
  ApplicationService_RunResourceActionV2: (target) => resource(target, { action: 'restart', ...RESOURCE }),
  ApplicationSetService_Create: ({ place }) =>
    created(place, { metadata: { name: 'new' }, spec: applicationSetSpec(place) }),
  ApplicationSetService_Generate: ({ place }) =>
    created(place, { applicationSet: { metadata: { name: 'new' }, spec: applicationSetSpec(place) } }),
  ProjectService_Create: ({ place }) => created(place, { project: { metadata: { name: place }, spec: {} } }, place),
  ProjectService_Update: (target) => ({
    ...project(target),
    body: { project: { metadata: { name: target.name }, spec: {} } },
  }),
  ClusterService_Create: (target) => {
    const server = clusterUrl('new');
    return { object: `${target.place}/${server}`, body: { server, name: 'new', project: target.place } };
  },
  RepositoryService_CreateRepository: (target) => newRepository(target),
  RepositoryService_CreateWriteRepository: (target) => newRepository(target),
  RepositoryService_ValidateAccess: (target) => ({ ...newRepository(target), params: { repo: repositoryUrl('new') } }),
  RepositoryService_ValidateWriteAccess: (target) => ({
    ...newRepository(target),
    params: { repo: repositoryUrl('new') },
  }),
  RepositoryService_GetAppDetails: (target) => ({
    ...repository(target),
    body: { source: applicationSpec(target.place).source, appProject: target.place },
  }),
  RepoCredsService_CreateRepositoryCredentials: newTemplate,
  RepoCredsService_CreateWriteRepositoryCredentials: newTemplate,
  CertificateService_CreateCertificate: () => ({
    object: 'git.example.com',
    body: { items: [{ serverName: 'git.example.com', certType: 'ssh', certSubType: 'ssh-ed25519', certData: 'AAAA' }] },
  }),
  GPGKeyService_Create: () => ({ object: '', body: { keyData: 'none' } }),
  GPGKeyService_Delete: () => ({ object: '', query: { keyID: '0123456789ABCDEF' } }),
};

function newRepository({ place }: Target): Example {
  const repo = repositoryUrl('new');
  const query = { project: place };
  return { object: `${place}/${repo}`, query, body: { repo, type: 'git', project: place } };
}

function newTemplate({ name }: Target): Example {
  return { object: templateUrl(`new-${name}`), body: { url: templateUrl(`new-${name}`) } };
}
