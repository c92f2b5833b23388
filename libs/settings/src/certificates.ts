/** Trusted TLS certificates per host (G11) and SSH host keys (G12). */
import { createReader, type Parsed, type SettingsData } from './reader.js';

/** PEM bundle for a host from argocd-tls-certs-cm; `host:port` falls back to the host. Undefined: the system's CAs. */
export function tlsCertFor(host: string, tlsCertsCm: SettingsData): string | undefined {
  const wanted = host.toLowerCase();
  const exact = tlsCertsCm[wanted] ?? tlsCertsCm[host];
  const withoutPort = wanted.replace(/:\d+$/, '');
  const pem = (exact ?? tlsCertsCm[withoutPort])?.trim();
  return pem === '' ? undefined : pem;
}

/** Host with a port, a dot, or of this machine, before a path: a registry as Argo CD writes it for charts, without `oci://`. */
const BARE_REGISTRY = /^((?:localhost|[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d))(?::\d+)?)(?:\/|$)/i;

/** Like {@link tlsCertFor}, for the host of a URL or registry; undefined for SSH URLs and anything without a host. */
export function tlsCertForUrl(url: string, tlsCertsCm: SettingsData): string | undefined {
  const text = url.trim();
  const host = /^(?:https|oci):\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(text)?.[1] ?? BARE_REGISTRY.exec(text)?.[1];
  return host === undefined ? undefined : tlsCertFor(host, tlsCertsCm);
}

export interface SshKnownHost {
  /** Comma-separated patterns or one hashed name, as in the file. */
  readonly hosts: string;
  /** `@cert-authority` or `@revoked`. */
  readonly marker?: string;
  readonly algorithm: string;
  readonly key: string;
  /** Line of the file, from 1. */
  readonly line: number;
}

/** Entries of `ssh_known_hosts`; comments are skipped, lines that are no entry are problems. */
export function parseKnownHosts(knownHostsCm: SettingsData): Parsed<readonly SshKnownHost[]> {
  const reader = createReader(knownHostsCm);
  const lines = (knownHostsCm['ssh_known_hosts'] ?? '').split('\n');
  const settings = lines.flatMap((text, index): readonly SshKnownHost[] => {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const fields = trimmed.split(/\s+/);
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
    const [hosts, algorithm, key] = fields;
    if (hosts !== undefined && algorithm !== undefined && key !== undefined && /^[A-Za-z0-9+/]+=*$/.test(key)) {
      return [{ hosts, algorithm, key, line: index + 1, ...(marker === undefined ? {} : { marker }) }];
    }
    reader.problem('ssh_known_hosts', `line ${index + 1} is not "host algorithm key"`);
    return [];
  });
  return { settings, problems: reader.problems };
}
