/** Versions of what a build is made of, in the form of Argo CD's answer (N16). */

/** Of the repo-server's tools, pinned in tools/local-cluster/go.mod; a test compares them. kubectl is not used: empty. */
export const TOOL_VERSIONS = {
  KustomizeVersion: 'v5.8.1',
  HelmVersion: 'v3.22.0',
  KubectlVersion: '',
  JsonnetVersion: 'v0.22.0',
} as const;

/** Builds do not record where they come from: the fields are there, and empty. */
export const BUILD = { BuildDate: '', GitCommit: '', GitTag: '', GitTreeState: '' } as const;
