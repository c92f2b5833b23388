/** Runs child processes with their output in a log file and a line of progress now and then. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './paths.mjs';

const startedAt = Date.now();
const HEARTBEAT_MS = 10_000;

/** Prints one line of progress with the seconds since bootstrap began. */
export function say(message) {
  console.log(`[bootstrap ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s] ${message}`);
}

/**
 * Runs a command to its end; its output goes to `<cache>/logs/<title>.log` and its last lines are shown when it fails.
 * `count` is a pattern of output lines to count as progress.
 */
export function run(command, args, { title, cwd, env, count, unit = 'steps' }) {
  mkdirSync(join(cacheDir, 'logs'), { recursive: true });
  const logFile = join(cacheDir, 'logs', `${title.replace(/[^\w.-]+/g, '-')}.log`);
  const log = createWriteStream(logFile);
  const begun = Date.now();
  let counted = 0;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const onData = (chunk) => {
      log.write(chunk);
      if (count) {
        counted += chunk
          .toString()
          .split('\n')
          .filter((line) => count.test(line)).length;
      }
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    const timer = setInterval(() => {
      const progress = count ? `, ${counted} ${unit}` : '';
      say(`  ... ${title}: ${Math.round((Date.now() - begun) / 1000)} s${progress}`);
    }, HEARTBEAT_MS);
    const finish = (failure) => {
      clearInterval(timer);
      log.end(() => (failure ? reject(new Error(describeFailure(title, failure, logFile))) : resolve()));
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => finish(code === 0 ? undefined : `exit ${code ?? signal}`));
  });
}

function describeFailure(title, failure, logFile) {
  const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
  return `${title} failed (${failure}); the whole output is in ${logFile}\n${tail}`;
}
