/** The authenticated cache (S3): every value carries an HMAC bound to its key; a value that fails the check is a miss and a security log line. */

export interface AuthenticatedCache {
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  set(key: string, value: Uint8Array, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Reads and deletes in one step: of several callers at most one gets the value. */
  takeJson<T>(key: string, parse: (value: unknown) => T): Promise<T | undefined>;
  /** False: there is a value already, or Redis is away; then nothing was written. */
  addJson(key: string, value: unknown, ttlMs: number): Promise<boolean>;
  getJson<T>(key: string, parse: (value: unknown) => T): Promise<T | undefined>;
  setJson(key: string, value: unknown, ttlMs: number): Promise<void>;
  close(): Promise<void>;
}
