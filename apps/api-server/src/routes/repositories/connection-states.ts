/** States of connections, tested when somebody asks and remembered for a minute (G15). */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RepositoryConnectionState as ConnectionState } from '@tiphys/api-contract';
import { kubernetesTime, redact } from '@tiphys/model';
import { type Clock, createSemaphore } from '@tiphys/runtime';
import type { RepositoryConnection } from '@tiphys/settings';

export interface ConnectionStates {
  /** Never rejects. A test that takes long is answered as `Unknown`, and found the next time. */
  of(repository: StateQuestion, options: { readonly refresh: boolean }): Promise<ConnectionState>;
}

export interface StateQuestion {
  /** Of the repository's Secret. */
  readonly key: string;
  /** Throws when the settings of the repository contradict each other. */
  readonly connection: () => RepositoryConnection;
}

export interface ConnectionStatesOptions {
  readonly test: (repository: RepositoryConnection, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  /** How long an answer waits for a test. */
  readonly waitMs?: number;
}

const KEEP_MS = 60_000;
const WAIT_MS = 10_000;
/** A list of a thousand repositories must not occupy the repo-server. */
const TESTS_AT_ONCE = 10;

interface Known {
  readonly connection: RepositoryConnection;
  readonly state: Promise<ConnectionState>;
  readonly startedAtMs: number;
  isDone: boolean;
}

export function createConnectionStates({ test, clock, waitMs = WAIT_MS }: ConnectionStatesOptions): ConnectionStates {
  const known = new Map<string, Known>();
  const places = createSemaphore(TESTS_AT_ONCE);
  const nowMs = (): number => clock.now().getTime();
  const stateAt = (status: string, message: string): ConnectionState => {
    return {
      status,
      message: redact(message),
      attemptedAt: kubernetesTime(clock.now()),
    };
  };
  const tested = async (connection: RepositoryConnection): Promise<ConnectionState> => {
    try {
      // Nobody's request ends the test: others wait for it too. It has its own limit.
      await places.run(() => test(connection, new AbortController().signal));
      return stateAt('Successful', '');
    } catch (error) {
      return stateAt('Failed', messageOf(error));
    }
  };
  const begun = (key: string, connection: RepositoryConnection): Known => {
    const entry: Known = { connection, state: tested(connection), startedAtMs: nowMs(), isDone: false };
    known.set(key, entry);
    void entry.state.then(() => {
      entry.isDone = true;
    });
    return entry;
  };
  const forgetOld = (): void => {
    for (const [key, { isDone, startedAtMs }] of known) {
      if (isDone && nowMs() - startedAtMs >= KEEP_MS) known.delete(key);
    }
  };
  return {
    of: async ({ key, connection: connect }, { refresh }) => {
      let connection: RepositoryConnection;
      try {
        connection = connect();
      } catch (error) {
        return stateAt('Failed', messageOf(error));
      }
      forgetOld();
      const entry = known.get(key);
      const isUsable = entry !== undefined && isDeepStrictEqual(entry.connection, connection);
      const chosen = isUsable && !(refresh && entry.isDone) ? entry : begun(key, connection);
      return within(chosen.state, waitMs, () => stateAt('Unknown', 'the connection is still being tested; ask again'));
    },
  };
}

async function within<T>(result: Promise<T>, ms: number, otherwise: () => T): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([result, delay(ms, undefined, { signal: timer.signal, ref: false }).then(otherwise)]);
  } finally {
    timer.abort();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
