/** `host:port` texts of the configuration. */
import { GitOpsError } from '@tiphys/model';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port` and `:port` (every interface). Throws `InvalidSpec`. */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new GitOpsError('InvalidSpec', `"${text}" is not an address: write host:port, for example 127.0.0.1:8080`);
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}
