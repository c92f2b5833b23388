/** Sidecars that are not there, and answers that are no manifests. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { linesOf, planOf, plugin, pluginFolders, printed, renderOf } from '../testing/plugin-source.js';

const folders = pluginFolders();
const newFolder = folders.open;
afterAll(folders.close);

describe('a sidecar that is not there', () => {
  const source = { plugin: { name: 'p' } };

  it('leaves a socket behind: an error that is retried, also for sources that name no plugin', async () => {
    const folder = newFolder();
    const socket = join(folder.folder, 'p.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(existsSync(socket)).toBe(true);
    const plugins = folder.connect();
    for (const question of [{ source, plugins }, { plugins }]) {
      await expect(planOf(question)).rejects.toMatchObject({
        code: 'Upstream',
        message: expect.stringMatching(/^The plugin p does not answer: /),
      });
    }
    await folder.serve(plugin({ generate: linesOf('echo back') }));
    expect(await printed({ source, plugins })).toEqual(['back']);
  });

  it('is waited for when it is expected', async () => {
    const folder = newFolder();
    const plugins = folder.connect({ expected: ['p'] });
    const expected = { code: 'Upstream', message: expect.stringMatching(/^The plugin p is expected/) };
    await expect(planOf({ source, plugins })).rejects.toMatchObject(expected);
    await expect(planOf({ plugins })).rejects.toMatchObject(expected);
    await folder.serve(plugin({ generate: linesOf('echo here') }));
    expect(await printed({ source, plugins })).toEqual(['here']);
  });

  it('is no plugin when the file is no socket', async () => {
    const folder = newFolder();
    writeFileSync(join(folder.folder, 'p.sock'), '');
    await expect(planOf({ source, plugins: folder.connect() })).rejects.toThrow(
      'There is no plugin "p". No plugin runs beside this repo-server: add its sidecar.',
    );
  });
});

describe('answers that are no manifests', () => {
  const folder = newFolder();
  const source = { plugin: { name: 'p' } };

  it('nothing: a warning, since everything would be pruned', async () => {
    await folder.serve(plugin({ name: 'p', generate: 'true' }));
    expect(await renderOf({ source, plugins: folder.connect() })).toEqual({
      manifests: [],
      warnings: ['The plugin p printed no manifests.'],
    });
  });

  it('broken YAML: an error', async () => {
    await folder.serve(plugin({ name: 'yaml', generate: 'echo "kind: [x"' }));
    await expect(renderOf({ source: { plugin: { name: 'yaml' } }, plugins: folder.connect() })).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/^the output of the plugin yaml:\d+:\d+: not valid YAML/),
    });
  });

  it('a wish for the credentials of the repository: a warning, and they stay where they are', async () => {
    const generate = linesOf('env | grep -ci askpass; true');
    await folder.serve(plugin({ name: 'curious', provideGitCreds: true, generate }));
    const { warnings, manifests } = await renderOf({
      source: { plugin: { name: 'curious' } },
      plugins: folder.connect(),
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^The plugin curious asks for the Git credentials of the repository/),
    ]);
    expect(JSON.parse(manifests[0]?.json ?? '')).toMatchObject({ data: { lines: [0] } });
  });
});
