import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { createAnswers, type Wish } from './answers.js';

describe('remembered answers', () => {
  it.each<[string, (first: number) => Wish, number]>([
    ['are given again', () => ({}), 1],
    ['not to who insists', () => ({ fresh: true }), 2],
    ['when they are as new as the webhook that asks (J02)', (first) => ({ notBeforeMs: first }), 1],
    ['not when a webhook came after them (J02)', (first) => ({ notBeforeMs: first + 1 }), 2],
  ])('%s', async (_, wish, asked) => {
    const clock = fakeClock();
    const answers = createAnswers<number>({ clock, maxAgeMs: 60_000 });
    let count = 0;
    const ask = async () => ++count;
    const { resolvedAt } = await answers.get('key', {}, ask);
    clock.advance(30_000);
    expect((await answers.get('key', wish(resolvedAt.getTime()), ask)).value).toBe(asked);
  });
});
