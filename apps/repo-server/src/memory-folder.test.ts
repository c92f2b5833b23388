import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeMemoryFolder } from './memory-folder.js';

const parent = mkdtempSync(join(tmpdir(), 'tiphys-memory-folder-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

describe('makeMemoryFolder', () => {
  it('R9 is for its owner only, and empties what an earlier process left', () => {
    const first = makeMemoryFolder(parent, '/data') ?? '';
    expect(statSync(first).mode & 0o777).toBe(0o700);
    writeFileSync(join(first, 'left'), '');
    expect(makeMemoryFolder(parent, '/data')).toBe(first);
    expect(existsSync(join(first, 'left'))).toBe(false);
    expect(makeMemoryFolder(parent, '/other')).not.toBe(first);
  });

  it.each([
    ['when it is switched off', ''],
    ['without such a place', join(parent, 'none')],
    ['below a file', '/dev/null'],
  ])('there is none %s', (_name, place) => expect(makeMemoryFolder(place, '/data')).toBeUndefined());
});
