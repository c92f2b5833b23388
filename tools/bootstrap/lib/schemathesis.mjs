/**
 * Step: Schemathesis (fuzzing of the REST API) in a Python environment of its own in the cache, as tools/schemathesis
 * pins it. Where it cannot be had the step says so in one line and the rest of the project works; its test then fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, schemathesisDir } from './paths.mjs';
import { run, say } from './run.mjs';

const REQUIREMENTS = join(root, 'tools', 'schemathesis', 'requirements.txt');
/** Written last: a folder without it was interrupted. */
const STAMP = join(schemathesisDir, '.complete');

export const schemathesisStep = {
  title: 'Schemathesis (Python)',
  isReady: isSchemathesisReady,
  run: install,
};

export function isSchemathesisReady() {
  return existsSync(STAMP);
}

/** Debian has `venv` in a package of its own. */
export function pythonHasVenv() {
  return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
}

async function install() {
  if (spawnSync('python3', ['--version']).error) {
    say('  no python3 on this machine: install Python 3.10 or newer with venv; until then the API is not fuzzed');
    return;
  }
  try {
    await createEnvironment();
  } catch (error) {
    const [reason] = error.message.split('\n');
    say(`  Schemathesis cannot be installed (${reason}); until it is, the API is not fuzzed`);
  }
}

async function createEnvironment() {
  rmSync(schemathesisDir, { recursive: true, force: true });
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
  const options = { cwd: root, env };
  await run('python3', ['-m', 'venv', schemathesisDir], { title: 'python3 -m venv', ...options });
  const args = ['-m', 'pip', 'install', '--only-binary', ':all:', '--retries', '2', '--timeout', '20'];
  await run(join(schemathesisDir, 'bin', 'python'), [...args, '--requirement', REQUIREMENTS], {
    ...{ title: 'pip install schemathesis', ...options },
    ...{ count: /^\s*(Collecting|Downloading|Using cached) /, unit: 'packages' },
  });
  writeFileSync(STAMP, '');
}
