/** Work that ends by its own signal, or because everything is closed; leaves nothing on signals that live long. */

export interface Closing {
  /** The signal of the work is aborted with the reason of the given one, or of closing. @throws that reason when it came before. */
  during<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Ends all work, and every later one at once. */
  close(reason: Error): void;
}

export function createClosing(): Closing {
  const running = new Set<AbortController>();
  let closed: Error | undefined;
  return {
    during: async (signal, work) => {
      if (closed !== undefined) throw closed;
      signal.throwIfAborted();
      const own = new AbortController();
      const onAbort = (): void => own.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      running.add(own);
      try {
        return await work(own.signal);
      } finally {
        running.delete(own);
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: (reason) => {
      closed = reason;
      for (const controller of running) controller.abort(reason);
    },
  };
}
