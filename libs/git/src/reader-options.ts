/** What can be chosen about a GitReader. */
import type { Clock, Logger, OutboundPolicy } from '@tiphys/runtime';
import type { AzureWorkload } from './credentials/azure-identity.js';

/** One request to a Git host, for metrics. */
export interface GitRequestReport {
  readonly url: string;
  readonly type: 'ls-remote' | 'fetch';
  readonly ms: number;
  readonly ok: boolean;
}

export interface GitReaderOptions {
  /** Mirrors and the home folder of the Git implementation live below it. */
  readonly dataDirectory: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly onRequest?: (report: GitRequestReport) => void;
  /** Default 30 s. */
  readonly listTimeoutMs?: number;
  /** Default 10 minutes: a first clone may be large. */
  readonly fetchTimeoutMs?: number;
  /** Requests to one host at a time; default 8. */
  readonly perHost?: number;
  /** How long a host's failure is repeated without asking again to callers who take old answers; default 10 s. */
  readonly failureMs?: number;
  /** Which addresses may be asked (S26); default that of the process. */
  readonly outbound?: OutboundPolicy;
  /** Allows `file://` repositories: for tests and development only. */
  readonly allowFile?: boolean;
  /** Which implementation talks to hosts; default `auto`: libgit2 where it can, else the git program. */
  readonly transport?: 'auto' | 'nodegit' | 'git-cli';
  /** PEM bundle of trusted authorities; default the system's. */
  readonly caFile?: string;
  /** Default true; false: nothing is found wrong with any signature (`ARGOCD_GPG_ENABLED`). */
  readonly verifySignatures?: boolean;
  /** The workload identity of this process (G07). */
  readonly azureWorkload?: AzureWorkload;
  /** Where Google's tokens come from: for tests only. */
  readonly googleTokenUrl?: string;
}
