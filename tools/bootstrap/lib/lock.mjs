/** One bootstrap at a time per cache: two runs must not build the same thing into the same place. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheDir } from './paths.mjs';
import { say } from './run.mjs';

const lockFile = join(cacheDir, 'bootstrap.lock');

/** Runs `work` while holding the lock; a lock whose owner is dead is taken over. */
export async function withLock(work) {
  mkdirSync(cacheDir, { recursive: true });
  let told = false;
  while (!tryLock()) {
    const owner = lockOwner();
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) {
      say(`waiting for another bootstrap (process ${owner ?? 'unknown'})`);
      told = true;
    }
    await delay(500);
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function lockOwner() {
  try {
    return Number(readFileSync(lockFile, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
