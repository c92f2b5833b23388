/** What the image gives to plugin sidecars: it starts without node_modules, under the name and flags of Argo CD's server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleSidecar } from './bundle.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sidecar-'));
const example = fileURLToPath(new URL('../../examples/plugin', import.meta.url));
const sockets = join(folder, 'sockets');

beforeAll(async () => {
  await bundleSidecar(join(folder, 'bin'));
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function start(args, env = {}) {
  const child = spawn(join(folder, 'bin', 'argocd-cmp-server'), args, {
    env: {
      PATH: '/usr/bin:/bin',
      ARGOCD_PLUGINSOCKFILEPATH: sockets,
      TIPHYS_PLUGIN_WORK_DIR: join(folder, 'work'),
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, output: () => output };
}

it('serves the plugin that its flags name, and takes its socket away when it is stopped', async () => {
  const { child, output } = start(['--loglevel', 'info', `--config-dir-path=${example}`, '--otlp-address', 'nowhere']);
  await expect.poll(output, { timeout: 40_000 }).toContain('plugin is ready');
  expect(output()).toContain('--otlp-address is not supported by Tiphys and ignored');
  expect(existsSync(join(sockets, 'env-v1.sock'))).toBe(true);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(sockets, 'env-v1.sock'))).toBe(false);
}, 60_000);

it.each([
  ['is not there', undefined, /There is no .*plugin\.yaml\. Mount it there, or set TIPHYS_PLUGIN_CONFIG_DIR\./],
  [
    'is wrong',
    'kind: Pod',
    /describes no plugin: apiVersion must be argoproj\.io\/v1alpha1; kind must be ConfigManagementPlugin/,
  ],
])(
  'does not start with a plugin.yaml that %s',
  async (_name, text, message) => {
    const config = mkdtempSync(join(folder, 'config-'));
    if (text !== undefined) writeFileSync(join(config, 'plugin.yaml'), text);
    const { child, output } = start(['--config-dir-path', config]);
    const [code] = await once(child, 'close');
    expect(code).not.toBe(0);
    expect(output()).toMatch(message);
  },
  60_000,
);
