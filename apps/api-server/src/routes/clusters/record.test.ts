/** Names of the Secrets: the ones that Argo CD gave must be found again. */
import { describe, expect, it } from 'vitest';
import { clusterSecretName } from './record.js';

describe('the name of the Secret', () => {
  it.each([
    ['http://foo', 'cluster-foo-752281925'],
    [
      'http://thelongestdomainnameintheworld.argocd-project.com:3000',
      'cluster-thelongestdomainnameintheworld.argocd-project.com-2721640553',
    ],
    ['http://[fe80::1ff:fe23:4567:890a]:8000', 'cluster-fe80--1ff-fe23-4567-890a-664858999'],
  ])('of %s is %s', (server, name) => {
    expect(clusterSecretName(server)).toBe(name);
  });
});
