/** Every sender of webhooks, in the order in which a request is recognized. */
import { azureDevOps, bitbucketCloud, bitbucketServer, ghcr, github, gitlab, gogs } from './git-providers.js';
import type { Provider } from './provider.js';
import { dockerHub, generic, harbor } from './registry-providers.js';

/**
 * Gogs before GitHub: it also sends GitHub's headers, with another signature. Harbor last: it is recognized by a header
 * that others send too.
 */
export const PROVIDERS: readonly Provider[] = [
  ...[azureDevOps, gogs, ghcr, github, gitlab, bitbucketCloud, bitbucketServer],
  ...[generic, dockerHub, harbor],
];
