import type { RepositoryConnection } from '@tiphys/settings';
import { describe, expect, it } from 'vitest';
import { createConnectionStates } from './connection-states.js';

const connectionTo = (url: string) => ({ url }) as RepositoryConnection;
const question = (url: string) => ({ key: 'repo-1', connection: () => connectionTo(url) });
const once = { refresh: false };

function statesOf(test: (repository: RepositoryConnection) => Promise<void>, waitMs = 60_000) {
  let nowMs = Date.parse('2026-01-02T03:04:05.678Z');
  const tested: string[] = [];
  const states = createConnectionStates({
    test: (repository) => {
      tested.push(repository.url);
      return test(repository);
    },
    clock: { now: () => new Date(nowMs) },
    waitMs,
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { states, tested, pass };
}

describe('the state of a connection', () => {
  it('is tested once a minute, again when it is asked for anew, and when the repository changes', async () => {
    const { states, tested, pass } = statesOf(() => Promise.resolve());
    const first = await states.of(question('a'), once);
    expect(first).toEqual({ status: 'Successful', message: '', attemptedAt: '2026-01-02T03:04:05Z' });
    pass(59_999);
    expect(await states.of(question('a'), once)).toEqual(first);
    expect(tested).toEqual(['a']);
    pass(1);
    await states.of(question('a'), once);
    await states.of(question('a'), { refresh: true });
    await states.of(question('b'), once);
    expect(tested).toEqual(['a', 'a', 'a', 'b']);
  });

  it('is tested once for all who ask at the same time', async () => {
    const { states, tested } = statesOf(() => Promise.resolve());
    await Promise.all([states.of(question('a'), once), states.of(question('a'), { refresh: true })]);
    expect(tested).toEqual(['a']);
  });

  it('of a test that fails is said so, without secrets (S21)', async () => {
    const { states } = statesOf(() => Promise.reject(new Error('no way to https://me:s3cret@host/a')));
    const state = await states.of(question('a'), once);
    expect(state).toMatchObject({ status: 'Failed', message: 'no way to https://***@host/a' });
  });

  it('of settings that contradict each other is failed, and nothing is tested', async () => {
    const { states, tested } = statesOf(() => Promise.resolve());
    const connection = () => {
      throw new Error('githubApp works for Git repositories only');
    };
    const state = await states.of({ key: 'repo-1', connection }, once);
    expect(state).toMatchObject({ status: 'Failed', message: expect.stringContaining('githubApp') });
    expect(tested).toEqual([]);
  });

  it('is unknown while a test takes long, and found afterwards', async () => {
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { states, tested } = statesOf(() => gate, 1);
    expect(await states.of(question('a'), once)).toMatchObject({ status: 'Unknown' });
    finish();
    const statusNow = async () => (await states.of(question('a'), once)).status;
    await expect.poll(statusNow, { timeout: 15_000 }).toBe('Successful');
    expect(tested).toEqual(['a']);
  });

  it('is tested for ten repositories at a time', async () => {
    const opened: (() => void)[] = [];
    const { states, tested } = statesOf(() => new Promise((resolve) => void opened.push(resolve)));
    const all = Array.from({ length: 25 }, (_, index) =>
      states.of({ key: `repo-${index}`, connection: () => connectionTo(String(index)) }, once),
    );
    for (const expected of [10, 20, 25]) {
      await expect.poll(() => tested.length, { timeout: 15_000 }).toBe(expected);
      for (const open of opened.splice(0)) open();
    }
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(25).fill('Successful'));
  });
});
