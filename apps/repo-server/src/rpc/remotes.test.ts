import { create } from '@bufbuild/protobuf';
import { GenerateManifestsRequestSchema, RepositorySchema } from '@tiphys/proto';
import { describe, expect, it } from 'vitest';
import { toGitRights, toRemote } from './remotes.js';

describe('repositories of requests', () => {
  it('carry identities, LFS and depth, and nothing that was not given (G06, G07, B37)', () => {
    const url = 'https://host/app';
    expect(toRemote(create(RepositorySchema, { url }))).toEqual({ url, credentials: {} });
    const githubApp = { id: 7n, installationId: 0n, privateKey: 'PEM' };
    const azure = { useWorkloadIdentity: true, tenantId: 't' };
    expect(toRemote(create(RepositorySchema, { url, githubApp, azure, enableLfs: true, depth: 3 }))).toEqual({
      ...{ url, depth: 3, lfs: true },
      credentials: { githubApp: { id: 7, privateKey: 'PEM' }, azure: { useWorkloadIdentity: true, tenantId: 't' } },
    });
    const enterprise = { ...githubApp, installationId: 9n, enterpriseBaseUrl: 'https://ghe/api/v3' };
    expect(toRemote(create(RepositorySchema, { url, githubApp: enterprise })).credentials.githubApp).toEqual({
      ...{ id: 7, installationId: 9, privateKey: 'PEM', enterpriseBaseUrl: 'https://ghe/api/v3' },
    });
  });

  it('may be read beside the source only when the caller named rules', () => {
    const rights = (permittedSources: string[]) =>
      toGitRights(create(GenerateManifestsRequestSchema, { permittedSources }));
    expect(rights([]).permits).toBeUndefined();
    expect(rights(['https://host/*']).permits?.('https://HOST/app.git')).toBe(true);
    expect(rights(['https://host/*']).permits?.('https://other/app')).toBe(false);
  });
});
