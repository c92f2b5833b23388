/** The data folder of a running repo-server, and filling the disk below it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Installation } from '@tiphys/testing';

/** As the process was told. */
export function dataFolder(installation: Installation): string {
  const { pid } = installation.service('repo-server');
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const found = variables.find((variable) => variable.startsWith('TIPHYS_DATA_DIR='));
  if (found === undefined) throw new Error('the repo-server was not told its data folder');
  return found.slice('TIPHYS_DATA_DIR='.length);
}

/** The work folders of renders that are going on, or were left behind: below the data folder, and in memory. */
export function renderFolders(installation: Installation): readonly string[] {
  const data = dataFolder(installation);
  const name = createHash('sha256').update(data).digest('hex').slice(0, 16);
  return [join(data, 'work'), `/dev/shm/tiphys-${name}`]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((entry) => join(folder, entry)))
    .filter((path) => basename(path).startsWith('render-'));
}

export interface SmallDisk {
  /** From now on nothing large can be written. */
  fill(): void;
  /** There is space again. */
  free(): void;
  /** The repo-server must have ended; what it started may need a moment more. */
  remove(): void;
}

/**
 * Lets the repo-server's data folder lie on a file system of 8 MiB of its own, and starts it again there. Where mounting is not
 * permitted, the kernel refuses the process to write files of more than 1 MiB (RLIMIT_FSIZE): another code, the same places in
 * the program. Push something large.
 */
export async function smallDisk(installation: Installation): Promise<SmallDisk> {
  const server = installation.service('repo-server');
  const folder = dataFolder(installation);
  await server.stop();
  const isMounted = mount(folder);
  await server.start();
  const filler = join(folder, 'filler');
  const limit = (bytes: string): void =>
    void execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}`], { stdio: 'pipe' });
  return {
    fill: () => (isMounted ? writeUntilFull(filler) : limit(`${1024 * 1024}:unlimited`)),
    free: () => (isMounted ? rmSync(filler) : limit('unlimited:unlimited')),
    remove: () => void (isMounted && execFileSync('umount', ['--lazy', folder])),
  };
}

function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4_096, 'x');
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
