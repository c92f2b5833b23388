import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { removeDirectory, startProcess, temporaryDirectory } from './process.js';

let directory: string;
beforeAll(() => {
  directory = temporaryDirectory('process-test');
});
afterAll(() => removeDirectory(directory));

/** A process that has ended counts as dead even while its parent has not asked how. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
  } catch {
    return false;
  }
}

describe('startProcess', () => {
  it('tells how a process ended and what it wrote', async () => {
    const script = 'echo one; echo two >&2; exit 3';
    const child = await startProcess({ command: 'sh', args: ['-c', script], logFile: join(directory, 'end.log') });
    await expect(child.exited).resolves.toBe('exit 3');
    expect(child.isRunning()).toBe(false);
    expect(child.logTail()).toBe('one\ntwo');
  });

  it('kills the process with its own children', async () => {
    const script = 'sleep 600 & echo $!; wait';
    const child = await startProcess({ command: 'sh', args: ['-c', script], logFile: join(directory, 'group.log') });
    const grandchild = await eventually(() => {
      const pid = Number(child.logTail());
      expect(pid).toBeGreaterThan(0);
      return pid;
    });
    await child.kill();
    expect(isAlive(child.pid)).toBe(false);
    await eventually(() => expect(isAlive(grandchild)).toBe(false));
  });

  it.each(['SIGKILL', 'SIGTERM', 'exit'] as const)('leaves no child behind when the parent ends by %s', async (end) => {
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { startProcess } from ${JSON.stringify(new URL('../dist/process.js', import.meta.url).href)};
         const child = await startProcess({ command: 'sleep', args: ['600'], logFile: '/dev/null' });
         console.log(child.pid);
         process.stdin.on('data', () => process.exit(0));`,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(isAlive(pid)).toBe(true);
    if (end === 'exit') {
      parent.stdin.write('end\n');
    } else {
      parent.kill(end);
    }
    await once(parent, 'exit');
    await eventually(() => expect(isAlive(pid)).toBe(false), { timeoutMs: 20_000 });
  });
});
