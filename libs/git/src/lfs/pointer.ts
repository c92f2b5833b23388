/** Pointers of Git LFS: what the repository holds in place of a large file. Pure. */
export interface LfsPointer {
  /** SHA-256 of the content, hex. */
  readonly oid: string;
  readonly size: number;
}

/** No pointer is larger. */
export const MAX_POINTER_BYTES = 1_024;

/** Undefined for everything that is no pointer: version line first, then keys in order, as the specification has it. */
export function parsePointer(bytes: Uint8Array): LfsPointer | undefined {
  if (bytes.length > MAX_POINTER_BYTES) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (!/^version https:\/\/git-lfs\.github\.com\/spec\/v1\n/.test(text)) return undefined;
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}
