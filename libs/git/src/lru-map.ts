/** A map bounded by the total size of its values; the value used longest ago goes first. */
export class LruMap<K, V> {
  readonly #maxSize: number;
  readonly #entries = new Map<K, { readonly value: V; size: number }>();
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V, size: number): void {
    this.delete(key);
    this.#entries.set(key, { value, size });
    this.#size += size;
    this.#shrink();
  }

  /** Corrects the size of an entry that turned out larger; nothing happens when it is gone. */
  resize(key: K, size: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#size += size - entry.size;
    entry.size = size;
    this.#shrink();
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#size -= entry.size;
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  #shrink(): void {
    for (const key of this.#entries.keys()) {
      if (this.#size <= this.#maxSize || this.#entries.size === 1) return;
      this.delete(key);
    }
  }
}
