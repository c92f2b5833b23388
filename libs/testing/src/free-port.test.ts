import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from './free-port.js';

/** A folder for temporary files that only this test uses, and the one with the claims in it. */
function ownClaims(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-free-port-test-'));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return join(folder, `tiphys-ports-${process.getuid?.() ?? 0}`);
}

it('gives a port once, and says on the disk whose it is', async () => {
  const claims = ownClaims();
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) expect(existsSync(join(claims, String(port)))).toBe(true);
});

it('leaves what another process has claimed, until that has ended', async () => {
  const claims = ownClaims();
  const first = await freePort();
  const range = { first, count: 1 };
  await expect(freePort(range)).rejects.toThrow('no free port found');
  const claim = join(claims, String(first));
  writeFileSync(claim, String(process.ppid));
  await expect(freePort(range)).rejects.toThrow('no free port found');
  expect(readFileSync(claim, 'utf8')).toBe(String(process.ppid));
  writeFileSync(claim, '999999999');
  expect(await freePort(range)).toBe(first);
  expect(readFileSync(claim, 'utf8')).toBe(String(process.pid));
});
