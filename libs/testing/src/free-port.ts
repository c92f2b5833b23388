/** Ports for programs that must be told theirs. A claim keeps them for the process that asked, also against other processes. */
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Below the range from which the system takes ports for outgoing connections, so that none of those grabs one. */
const RANGE = { first: 20_000, count: 12_000 };
const ATTEMPTS = 200;
const claimed = new Set<string>();

/**
 * A TCP port on the loopback interface that was free a moment ago, never given twice while this process lives: not by it, and
 * not by other workers and runs on this machine, whose programs may take seconds to listen.
 */
export async function freePort({ first, count } = RANGE): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = first + randomInt(count);
    if (claim(port) && (await canListen(port))) return port;
  }
  throw new Error(`no free port found between ${first} and ${first + count}`);
}

/** A file that only one process can make. The claim of a process that was killed is taken over. */
function claim(port: number): boolean {
  const folder = join(tmpdir(), `tiphys-ports-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, String(port));
  if (make(file)) return true;
  if (isOwned(file)) return false;
  rmSync(file, { force: true });
  return make(file);
}

function make(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
  if (claimed.size === 0) process.once('exit', release);
  claimed.add(file);
  return true;
}

function release(): void {
  for (const file of claimed) rmSync(file, { force: true });
}

/** True, too, while the owner has not written its number yet. */
function isOwned(file: string): boolean {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
