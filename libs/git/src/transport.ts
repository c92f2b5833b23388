/** The port between the reader and the two Git implementations: talking to a host. Reading objects is not part of it. */
import type { GitRemote } from './ports.js';
import type { RefListing } from './revision/answer.js';

export interface FetchRequest {
  /** Bare repository that receives the objects. */
  readonly directory: string;
  /** `+refs/heads/main:refs/heads/main`, or `<sha>:refs/tiphys/<sha>`. */
  readonly refspecs: readonly string[];
  /** Commits of history; undefined: all that is missing. */
  readonly depth?: number;
}

/** Every method rejects with a GitError; an aborted signal rejects with its reason. */
export interface GitTransport {
  readonly name: string;
  /** `wanted`: ref names, or prefixes that end with `/`; undefined for all. The answer may hold more than was wanted. */
  listRefs(remote: GitRemote, wanted: readonly string[] | undefined, signal: AbortSignal): Promise<RefListing>;
  fetch(remote: GitRemote, request: FetchRequest, signal: AbortSignal): Promise<void>;
}
