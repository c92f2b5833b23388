/** Repository addresses: which are allowed (S9) and what they name. */
import { GitError } from './errors.js';

export interface GitUrl {
  readonly protocol: 'https' | 'http' | 'ssh' | 'file';
  /** Lower case; empty for `file`. */
  readonly host: string;
  readonly port: number | undefined;
  /** User in the address, for example `git`. */
  readonly user: string | undefined;
}

const PROTOCOLS: readonly string[] = ['https', 'http', 'ssh', 'file'];
const SCP_LIKE = /^(?:([^@/:\s]+)@)?(\[[0-9a-f:]+\]|[^/:@\s]+):(?!:|\/\/)([^\s]+)$/i;
const ADVICE = 'Use https://host/path, ssh://user@host/path or user@host:path.';

/**
 * Reads https, http, ssh and scp-like addresses; `file` only where allowed (tests and development).
 * @throws GitError `invalid-url` for everything else, also for texts that a tool could take for an option.
 */
export function parseGitUrl(url: string, options: { readonly allowFile?: boolean } = {}): GitUrl {
  if (url === '' || url.startsWith('-') || /[\s\p{Cc}]/u.test(url)) {
    throw invalid(url, 'is empty, has spaces or starts with "-"');
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  const parsed = scheme === undefined ? parseScpLike(url) : parseWithScheme(url, scheme);
  if (parsed.protocol === 'file' && options.allowFile !== true) throw invalid(url, 'names a local file');
  if ([parsed.host, parsed.user].some((part) => part?.startsWith('-'))) {
    throw invalid(url, 'has a host or user that starts with "-"');
  }
  return parsed;
}

function parseWithScheme(url: string, scheme: string): GitUrl {
  if (!PROTOCOLS.includes(scheme)) throw invalid(url, `has the protocol "${scheme}"`);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.hostname === '' && scheme !== 'file')) throw invalid(url, 'has no host');
  return {
    protocol: scheme as GitUrl['protocol'],
    host: parsed.hostname.toLowerCase(),
    port: parsed.port === '' ? undefined : Number(parsed.port),
    user: parsed.username === '' ? undefined : decodeURIComponent(parsed.username),
  };
}

function parseScpLike(url: string): GitUrl {
  const match = SCP_LIKE.exec(url);
  if (match?.[2] === undefined || match[3]?.startsWith('-'))
    throw invalid(url, 'is not an address of a Git repository');
  return { protocol: 'ssh', host: match[2].toLowerCase(), port: undefined, user: match[1] };
}

function invalid(url: string, why: string): GitError {
  return new GitError('invalid-url', `The repository URL "${url.slice(0, 200)}" ${why}. ${ADVICE}`);
}
