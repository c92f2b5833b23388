/** What can go wrong with a Git host, told so that the reader knows what to do next. */
import { type ErrorCode, GitOpsError, type GitOpsErrorOptions, redact } from '@tiphys/model';

export const GIT_FAILURES = [
  'unknown-revision',
  'repository-not-found',
  'credentials',
  'host-key',
  'certificate',
  'unreachable',
  'not-served',
  'timeout',
  'rate-limited',
  'redirected',
  'invalid-url',
  'mirror',
  'disk',
  'unsupported',
] as const;
export type GitFailure = (typeof GIT_FAILURES)[number];

/** A GitOpsError that also names which of the failures of a Git host it is. */
export class GitError extends GitOpsError {
  readonly failure: GitFailure;

  constructor(failure: GitFailure, message: string, options: GitOpsErrorOptions = {}) {
    super(CODES[failure], redact(message), options);
    this.failure = failure;
  }
}

const CODES: Readonly<Record<GitFailure, ErrorCode>> = {
  'unknown-revision': 'ManifestGeneration',
  'repository-not-found': 'Upstream',
  credentials: 'Upstream',
  'host-key': 'Upstream',
  certificate: 'Upstream',
  unreachable: 'Upstream',
  'not-served': 'Upstream',
  timeout: 'Upstream',
  'rate-limited': 'Upstream',
  redirected: 'Upstream',
  'invalid-url': 'InvalidSpec',
  mirror: 'Upstream',
  disk: 'Upstream',
  unsupported: 'Upstream',
};

export function isGitError(error: unknown): error is GitError {
  return error instanceof GitOpsError && 'failure' in error;
}

/** The failures that say nothing about the repository's content: an older answer may stand in for them. */
export function isHostFailure(error: unknown): error is GitError {
  return isGitError(error) && !['unknown-revision', 'invalid-url', 'unsupported'].includes(error.failure);
}

type Pattern = readonly [RegExp, GitFailure];
/** Texts of libgit2, git, curl, OpenSSH and HTTP statuses, most specific first. */
const PATTERNS: readonly Pattern[] = [
  [/no space left|file too large|disk quota exceeded|read-only file system/i, 'disk'],
  [/couldn't find remote ref|not our ref|unadvertised object/i, 'unknown-revision'],
  [/status code: 429|error: 429|too many requests/i, 'rate-limited'],
  [/redirect|status code: 30[1278]|error: 30[1278]/i, 'redirected'],
  [/host key|hostkey|known.?hosts|remote host identification/i, 'host-key'],
  [
    /authenticat|permission denied|publickey|credential|status code: 40[13]|error: 40[13]|access denied|could not read (username|password)/i,
    'credentials',
  ],
  [
    /status code: 404|error: 404|repository.*not (found|exist)|does not appear to be a git repository|not a git repository|remote: not found|failed to resolve path/i,
    'repository-not-found',
  ],
  [/certificate|ssl|tls/i, 'certificate'],
  [/timed? ?out/i, 'timeout'],
];

/** The failure behind the text of a Git implementation; anything unknown counts as an unreachable host. */
export function classifyGitFailure(text: string): GitFailure {
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'unreachable';
}

const NEXT_STEPS: Readonly<Partial<Record<GitFailure, string>>> = {
  credentials:
    'Check the username, password, token or SSH key in the repository Secret (or repo-creds Secret) that matches this URL.',
  'host-key': 'Add the host\'s key to "ssh_known_hosts" in argocd-ssh-known-hosts-cm, or correct it there.',
  certificate:
    "Add the host's CA certificate to argocd-tls-certs-cm under the host name, or correct the certificate of the host.",
  'repository-not-found': 'Check the repository URL, and that the credentials may read it.',
  unreachable: 'Check the URL, the network and the host. It is retried with growing delays.',
  timeout: 'The host is slow or drops connections. It is retried with growing delays.',
  'rate-limited': 'The host limits requests. It is asked again later.',
  redirected:
    'Redirects are not followed. Use the address that the host redirects to, often the one with .git at its end.',
  disk: 'Give the repo-server more space in TIPHYS_DATA_DIR. It is retried with growing delays.',
};

/** An error of a Git implementation as a GitError with the repository and the next step. */
export function describeGitFailure(url: string, text: string, cause?: unknown): GitError {
  const failure = classifyGitFailure(text);
  const reason = withoutFolders(text).trim().split('\n').slice(-3).join('; ').slice(0, 600);
  const message = `${HEADINGS[failure] ?? 'Git failed for'} ${url}: ${reason}. ${NEXT_STEPS[failure] ?? ''}`.trim();
  return new GitError(failure, message, { cause });
}

/** Files of the mirrors are nothing that a user can look at. */
function withoutFolders(text: string): string {
  return text.replace(/(?<=^|[\s'"])\/[^\s'"]*\/mirrors\/[^\s'"]*/g, 'the local copy');
}

const HEADINGS: Readonly<Partial<Record<GitFailure, string>>> = {
  credentials: 'The credentials were refused by',
  'host-key': 'The SSH host key could not be verified of',
  certificate: 'The TLS certificate could not be verified of',
  'repository-not-found': 'The repository was not found:',
  'unknown-revision': 'The revision is not there in',
  unreachable: 'The Git host cannot be reached for',
  timeout: 'The Git host did not answer in time for',
  'rate-limited': 'The Git host answered "too many requests" for',
  redirected: 'The Git host redirects',
  disk: 'The disk of the repo-server is full: there is no room for',
};
