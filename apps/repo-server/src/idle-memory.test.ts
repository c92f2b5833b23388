import { expect, it, vi } from 'vitest';
import { createIdleMemory } from './idle-memory.js';

it('collects once after a burst, when it has been quiet for long enough', () => {
  vi.useFakeTimers();
  const collect = vi.fn();
  const memory = createIdleMemory(100, collect);
  memory.touch();
  vi.advanceTimersByTime(99);
  memory.touch();
  vi.advanceTimersByTime(99);
  expect(collect).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(collect).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(collect).toHaveBeenCalledTimes(1);
  memory.touch();
  memory.stop();
  vi.advanceTimersByTime(10_000);
  expect(collect).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
