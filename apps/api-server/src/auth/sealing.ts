/** Texts that leave this process and come back: encrypted and authenticated (AES-256-GCM) with a key of the installation. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

export interface Sealer {
  seal(text: string): string;
  /** Undefined for whatever was not sealed with the same key for the same purpose. */
  open(sealed: string): string | undefined;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `secret` may change while we run: what was sealed with the old one then cannot be opened. */
export function createSealer(secret: () => string, purpose: string): Sealer {
  let known: { readonly secret: string; readonly key: Buffer } | undefined;
  const key = (): Buffer => {
    const current = secret();
    if (known?.secret !== current) known = { secret: current, key: deriveKey(current, purpose) };
    return known.key;
  };
  return {
    seal: (text) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key(), nonce);
      const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final()];
      return Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(ALGORITHM, key(), bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        // Not ours, changed, or of another key: all the same to the caller.
        return undefined;
      }
    },
  };
}

function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `tiphys ${purpose}`, 32));
}
