/** Git repositories: the GitReader port and its implementation on bare mirrors. */
export { GIT_FAILURES, GitError, type GitFailure, isGitError, isHostFailure } from './errors.js';
export { type GitUrl, parseGitUrl } from './git-url.js';
export { cleanLfs } from './lfs/store.js';
export { cleanMirrors, remoteKey } from './mirror/mirrors.js';
export type * from './ports.js';
export { createGitReader } from './reader.js';
export type { GitReaderOptions, GitRequestReport } from './reader-options.js';
export type { SignaturePolicy, SignatureReport } from './signatures/policy.js';
export { withSubmodules } from './submodules/tree.js';
