import { describe, expect, it } from 'vitest';
import { createScriptGuard } from './script-guard.js';

function guarded() {
  const time = { now: 0 };
  const reports: string[] = [];
  const guard = createScriptGuard({ now: () => time.now, onDisabled: (script) => void reports.push(script) });
  return { time, reports, guard };
}

describe('a script that goes over its limits (S7)', () => {
  it('may do so once', () => {
    const { guard, reports } = guarded();
    guard.wentOver('s', 'too slow');
    expect([guard.refusal('s'), reports]).toEqual([undefined, []]);
  });

  it('is switched off the second time in a row, longer each time up to five minutes, and reported once', () => {
    const { guard, reports, time } = guarded();
    guard.wentOver('s', 'too slow');
    const pauses = [10, 20, 40, 80, 160, 300, 300].map((seconds) => {
      guard.wentOver('s', 'too slow');
      const refusal = guard.refusal('s');
      time.now += seconds * 1_000;
      return [refusal?.includes(`again in ${seconds} s`), guard.refusal('s')];
    });
    expect(pauses).toEqual(Array.from({ length: 7 }, () => [true, undefined]));
    expect(reports).toEqual(['s']);
  });

  it('begins anew after a success, and does not concern other scripts', () => {
    const { guard } = guarded();
    guard.wentOver('s', 'too slow');
    guard.succeeded('s');
    guard.wentOver('s', 'too slow');
    expect([guard.refusal('s'), guard.refusal('other')]).toEqual([undefined, undefined]);
  });
});
