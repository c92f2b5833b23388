/** The known_hosts file that libgit2 reads at every connection: one per process, so connections with other hosts take turns. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface KnownHostsFile {
  /** Runs the task while the file holds exactly these lines. */
  use<T>(lines: string, task: () => Promise<T>): Promise<T>;
}

/** Tasks with equal lines run side by side; a task with other lines waits until they are done. */
export function createKnownHostsFile(homeDirectory: string): KnownHostsFile {
  const directory = join(homeDirectory, '.ssh');
  let current: string | undefined;
  let users = 0;
  let waiting: (() => void)[] = [];
  const release = (): void => {
    users -= 1;
    if (users > 0) return;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const acquire = async (lines: string): Promise<void> => {
    while (users > 0 && current !== lines) await new Promise<void>((resolve) => waiting.push(resolve));
    users += 1;
    if (current === lines) return;
    current = lines;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(join(directory, 'known_hosts'), lines, { mode: 0o600 });
  };
  let writing: Promise<void> = Promise.resolve();
  return {
    use: async (lines, task) => {
      // One at a time decides about the file, so that nobody connects while it is being written.
      const turn = writing.then(() => acquire(lines));
      writing = turn.catch(() => undefined);
      await turn;
      try {
        return await task();
      } finally {
        release();
      }
    },
  };
}
