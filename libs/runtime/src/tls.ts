/** The certificates of the mutual TLS between the services. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GitOpsError } from '@tiphys/model';

export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

const FILES = { ca: 'ca.crt', cert: 'tls.crt', key: 'tls.key' } as const;

/** Reads `ca.crt`, `tls.crt` and `tls.key`. Throws `InvalidSpec` naming the files that are missing. */
export function loadTlsMaterial(directory: string): TlsMaterial {
  const missing = Object.values(FILES).filter((file) => !existsSync(join(directory, file)));
  if (missing.length > 0) {
    const fix = 'mount the certificate Secret there, or point TIPHYS_TLS_DIR at the folder that has them';
    throw new GitOpsError('InvalidSpec', `TLS folder ${directory} lacks ${missing.join(', ')}: ${fix}`);
  }
  const read = (file: string): Buffer => readFileSync(join(directory, file));
  return { ca: read(FILES.ca), cert: read(FILES.cert), key: read(FILES.key) };
}
