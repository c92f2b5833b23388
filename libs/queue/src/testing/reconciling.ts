/** What the tests of the queue ask for and answer, and how they decide when a reconcile goes on. */

export const DONE = { kind: 'done' } as const;
export const HARD = { level: 1, hardness: 1, since: 0 };
export const NORMAL = { level: 3, hardness: 0, since: 0 };

export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** Holds whoever awaits `opened` until `open` is called. */
export function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
