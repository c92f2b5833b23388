import { describe, expect, it } from 'vitest';
import { requestHeaders, responseHeaders } from './headers.js';

const call = (changes: object = {}) => ({
  namespace: 'argocd',
  application: {
    metadata: { name: 'web', namespace: 'argocd' },
    spec: { project: 'team', destination: { name: 'prod', server: 'https://prod' } },
  },
  user: {
    ...{ username: 'álvaro', issuer: 'argocd', groups: ['ops', 'dev'] },
    ...{ issuedAt: 0, expiresAt: undefined, tokenId: undefined },
  },
  service: { origin: 'http://backend', headers: {} },
  ...changes,
});
const OWN = {
  'argocd-namespace': 'argocd',
  'argocd-application-name': 'argocd:web',
  'argocd-project-name': 'team',
  'argocd-target-cluster-name': 'prod',
  'argocd-target-cluster-url': 'https://prod',
  'argocd-username': Buffer.from('álvaro').toString('latin1'),
  'argocd-user-id': Buffer.from('álvaro').toString('latin1'),
  'argocd-user-groups': 'ops,dev',
};

describe('headers for the backend of an extension (N20)', () => {
  it.each<[string, Record<string, string | string[]>, Record<string, string | string[]>]>([
    ['a session never passes', { Cookie: 'argocd.token=x', authorization: 'Bearer x' }, {}],
    [
      'other headers do',
      { accept: 'text/plain', 'x-list': ['a', 'b'] },
      { accept: 'text/plain', 'x-list': ['a', 'b'] },
    ],
    ['those of the connection do not', { host: 'cd', connection: 'keep-alive, X-Once', 'x-once': '1', te: 'x' }, {}],
    [
      'those that a client makes up are ours',
      { 'argocd-username': 'admin', 'Argocd-User-Groups': 'admins', 'argocd-x': '1' },
      {},
    ],
  ])('%s', (_, incoming, expected) => {
    expect(requestHeaders(incoming, call())).toEqual({ ...expected, ...OWN });
  });

  it('of the settings replace those of the client, but not ours', () => {
    const headers = { authorization: 'Bearer backend', accept: 'a', 'argocd-username': 'evil' };
    const service = { origin: 'http://backend', headers };
    expect(requestHeaders({ accept: 'b', authorization: 'Bearer session' }, call({ service }))).toEqual({
      ...{ authorization: 'Bearer backend', accept: 'a' },
      ...OWN,
    });
  });
});

describe('headers of the answer', () => {
  it('cannot set cookies of our address nor weaken its policies', () => {
    const answer = { 'content-type': 'text/html', 'Set-Cookie': ['argocd.token=x'], 'content-security-policy': 'x' };
    expect(responseHeaders({ ...answer, 'transfer-encoding': 'chunked', etag: '"1"' })).toEqual({
      ...{ 'content-type': 'text/html', etag: '"1"' },
    });
  });
});
