/** Step: the pinned Node, taken from its npm package when the machine's own is older. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, cachedNodeDir, machineNodeIsEnough, NODE_VERSION, nodePackage } from './paths.mjs';
import { run } from './run.mjs';

export const nodeStep = {
  title: `Node ${NODE_VERSION}`,
  isReady: () => machineNodeIsEnough || existsSync(join(cachedNodeDir, 'bin', 'node')),
  run: fetchNode,
};

async function fetchNode() {
  const scratch = `${cachedNodeDir}.${process.pid}.tmp`;
  mkdirSync(scratch, { recursive: true });
  try {
    const pack = ['pack', `${nodePackage}@${NODE_VERSION}`, '--silent', '--pack-destination', scratch];
    await run('npm', pack, { title: 'npm pack', cwd: cacheDir, env: process.env });
    const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz'));
    await run('tar', ['xzf', tarball], { title: 'unpack node', cwd: scratch, env: process.env });
    rmSync(cachedNodeDir, { recursive: true, force: true });
    renameSync(join(scratch, 'package'), cachedNodeDir);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
