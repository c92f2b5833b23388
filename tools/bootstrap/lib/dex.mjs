/** Step: Dex for the tests of logins, built from its own pinned Go module into the cache, with the pages that it serves. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dexTools } from './paths.mjs';
import { run } from './run.mjs';

const MODULE = 'github.com/dexidp/dex';

export const dexStep = {
  title: 'Dex (Go)',
  isReady: () => existsSync(join(dexTools.bin, 'tiphys-dex')),
  run: build,
};

async function build() {
  const { bin, source } = dexTools;
  mkdirSync(bin, { recursive: true });
  const options = { cwd: source, env: { ...process.env, CGO_ENABLED: '0' } };
  const output = join(bin, 'tiphys-dex');
  const args = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', `${output}.tmp`, '.'];
  await run('go', args, { ...options, title: 'go build tiphys-dex', count: /^[\w.-]+\/\S+$/, unit: 'packages' });
  const found = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', MODULE], { ...options, encoding: 'utf8' });
  if (found.status !== 0) {
    throw new Error(`go list ${MODULE} failed: ${found.stderr}`);
  }
  const web = join(bin, 'dex-web');
  rmSync(web, { recursive: true, force: true });
  cpSync(join(found.stdout.trim(), 'web'), web, { recursive: true, mode: 0 });
  // Last: its presence says that all is there.
  renameSync(`${output}.tmp`, output);
}
