#!/usr/bin/env node
/**
 * `run.mjs command args...` runs a command as the project wants it: the pinned Node, `node_modules/.bin` and the built
 * tools first on PATH, TIPHYS_TOOLS naming the folder of the tools. Its exit code is the command's.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { npmEnv, projectEnv } from './lib/paths.mjs';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: run.mjs command [args...]');
  process.exit(2);
}

const env = command === 'npm' || command === 'npx' ? npmEnv() : projectEnv();
const child = spawn(command, args, { stdio: 'inherit', env });

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Ctrl-C on a terminal already reaches the whole process group: do not deliver it twice.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}
child.on('error', (error) => {
  console.error(`run.mjs: ${command}: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
