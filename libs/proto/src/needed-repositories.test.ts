import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  type GenerateManifestsRequest,
  GenerateManifestsRequestSchema,
  GenerateManifestsResponseSchema,
  GetAppDetailsRequestSchema,
  GetAppDetailsResponseSchema,
} from './gen/tiphys/reposerver/v1/reposerver_pb.js';
import { createGenerateManifests, createGetAppDetails } from './needed-repositories.js';
import { fromGrpcError, RepositoriesNeededError, toGrpcFailure } from './transport-errors.js';

/** A repo-server that finds out about one more repository with each it can read. */
function serverOf(needs: readonly string[]) {
  const asked: (readonly string[])[] = [];
  const generateManifests = async (init: object) => {
    const request: GenerateManifestsRequest = create(GenerateManifestsRequestSchema, init);
    const known = request.gitRepositories.map(({ url }) => url);
    asked.push(known);
    const missing = needs.find((url) => !known.includes(url));
    if (missing !== undefined) throw new RepositoriesNeededError([missing]);
    return create(GenerateManifestsResponseSchema, { manifestHash: known.join() });
  };
  return { asked, generate: createGenerateManifests({ generateManifests }) };
}
const request = { project: 'team', sources: [{ repository: { url: 'https://host/app' } }] };
const connectionFor = (url: string) => ({ url, username: 'robot' });

describe('repositories that rendering finds out about', () => {
  it('are sent when they are asked for, and at once with the next request of the source', async () => {
    const { asked, generate } = serverOf(['https://host/a', 'https://host/b']);
    expect((await generate({ request, connectionFor })).manifestHash).toBe('https://host/a,https://host/b');
    expect(asked.map(({ length }) => length)).toEqual([0, 1, 2]);
    await generate({ request, connectionFor });
    expect(asked.map(({ length }) => length)).toEqual([0, 1, 2, 2]);
    await generate({ request: { ...request, project: 'other' }, connectionFor });
    expect(asked.at(4)).toEqual([]);
  });

  it('are sent for the details of a source, too', async () => {
    const asked: (readonly string[])[] = [];
    const getAppDetails = async (init: object) => {
      const { application } = create(GetAppDetailsRequestSchema, init);
      const known = (application?.gitRepositories ?? []).map(({ url }) => url);
      asked.push(known);
      if (known.length === 0) throw new RepositoriesNeededError(['https://host/a']);
      return create(GetAppDetailsResponseSchema, { type: 'Kustomize' });
    };
    const details = createGetAppDetails({ getAppDetails });
    const answer = await details({ request: { appName: 'shop', application: request }, connectionFor });
    expect([answer.type, asked]).toEqual(['Kustomize', [[], ['https://host/a']]]);
  });

  it('that are asked for although they were sent are an error, not a circle', async () => {
    const generateManifests = () => Promise.reject(new RepositoriesNeededError(['https://host/a']));
    const generate = createGenerateManifests({ generateManifests });
    await expect(generate({ request, connectionFor })).rejects.toBeInstanceOf(RepositoriesNeededError);
  });

  it('keep their names across the connection, whatever is in them', () => {
    const urls = ['https://host/größe?x=1', 'git@host:a/b'];
    const { code, details, metadata } = toGrpcFailure(new RepositoriesNeededError(urls));
    const received = fromGrpcError(Object.assign(new Error(details), { code, details, metadata }), 'the repo-server');
    expect(received).toMatchObject({ code: 'Waiting', urls });
  });
});
