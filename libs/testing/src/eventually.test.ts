import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('returns the first result that does not throw', async () => {
    let attempts = 0;
    const result = await eventually(
      () => {
        attempts += 1;
        if (attempts < 3) {
          throw new Error('not yet');
        }
        return attempts;
      },
      { intervalMs: 1 },
    );
    expect(result).toBe(3);
  });

  it('says what was waited for and why it did not happen', async () => {
    const never = eventually(() => Promise.reject(new Error('still 2 pods')), {
      ...{ timeoutMs: 20, intervalMs: 1, description: 'scale to 3' },
    });
    await expect(never).rejects.toThrow('scale to 3: not reached within 20 ms: still 2 pods');
  });
});
