/** Versions and build options of Kustomize: what the settings choose is what runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MAX_COMBINED_MANIFEST_BYTES, planRender, type RenderSettings } from '../index.js';
import { treeOf } from '../testing/memory-tree.js';
import { createToolbox } from '../workspace/toolbox.js';

const work = mkdtempSync(join(tmpdir(), 'tiphys-kustomize-versions-'));
const bin = join(work, 'bin');
const { signal } = new AbortController();
const tools = createToolbox({ workFolder: join(work, 'renders'), searchPath: [bin], parallelism: 1 });
beforeAll(() => {
  mkdirSync(bin);
  install('kustomize', 'v5.8.0');
  install('kustomize-v5.4.3', 'v5.4.3');
  install('kustomize_4_5_7', 'v4.5.7');
});
afterAll(() => {
  tools.close();
  rmSync(work, { recursive: true, maxRetries: 5 });
});

/** Says its version; builds an object that holds the arguments it was given. */
function install(name: string, version: string): void {
  const object = `apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: ${name.replace(/_/g, '-')}}\\ndata: {args: "%s"}\\n`;
  const script = `#!/bin/sh\nif [ "$1" = version ]; then echo ${version}; else printf '${object}' "$*"; fi\n`;
  writeFileSync(join(bin, name), script, { mode: 0o755 });
}

const render = async (version: string | undefined, settings: Partial<RenderSettings> = {}) => {
  const plan = await planRender({
    tree: treeOf({ 'app/kustomization.yaml': 'resources: []\n' }),
    source: { repoURL: 'r', path: 'app', kustomize: version === undefined ? {} : { version } },
    settings: { maxCombinedManifestBytes: DEFAULT_MAX_COMBINED_MANIFEST_BYTES, ...settings },
    application: { name: 'a', project: 'p', destinationNamespace: 'ns', kubeVersion: '', apiVersions: [] },
    tools,
  });
  const [manifest] = (await plan.render(signal)).manifests;
  const { metadata, data } = JSON.parse(manifest?.json ?? '') as { metadata: { name: string }; data: { args: string } };
  return { name: metadata.name, args: data.args.replace(/ \/.*/, ''), key: plan.key };
};

describe('versions (B21)', () => {
  it('are the path of the settings, a binary with the version in its name, or the default one', async () => {
    const path = join(bin, 'kustomize_4_5_7');
    const settings = { kustomizeVersions: { 'v4.5.7': { path }, 'v5.4.3': {} } };
    expect(await render(undefined, settings)).toMatchObject({ name: 'kustomize', args: 'build' });
    expect(await render('v5.8.0', settings)).toMatchObject({ name: 'kustomize' });
    expect(await render('v5.4.3', settings)).toMatchObject({ name: 'kustomize-v5.4.3' });
    expect(await render('v4.5.7', settings)).toMatchObject({ name: 'kustomize-4-5-7' });
    await expect(render('v3.0.0', settings)).rejects.toThrow(/v3\.0\.0 is not installed.*kustomize\.path\.v3\.0\.0/);
  });

  it.each([
    ['S2 a shell', '/bin/sh'],
    ['S2 another tool of the folder', 'helm'],
    ['S2 a Kustomize of a source', '/tmp/kustomize'],
    ['S2 a path with steps', '../bin/kustomize'],
  ])('%s is no version', async (_name, path) => {
    const full = path.startsWith('/') ? path : `${bin}/${path}`;
    const settings = { kustomizeVersions: { v1: { path: full } } };
    await expect(render('v1', settings)).rejects.toThrow(/names .*, which is in no folder of tools/);
  });
});

describe('build options (B22)', () => {
  it('are typed, and those of a version come before those of the installation', async () => {
    const settings: Partial<RenderSettings> = {
      kustomize: { reorder: 'none' },
      kustomizeVersions: { 'v5.4.3': { options: { reorder: 'legacy', managedByLabel: true } }, 'v5.8.0': {} },
    };
    const plain = await render(undefined);
    const ordered = await render(undefined, settings);
    expect(ordered.args).toBe('build --reorder=none');
    expect(ordered.key).not.toBe(plain.key);
    expect((await render('v5.8.0', settings)).args).toBe('build --reorder=none');
    expect((await render('v5.4.3', settings)).args).toBe('build --reorder=legacy --enable-managedby-label');
  });

  it('that are not permitted stop the render, and say which are', async () => {
    const refused = { refused: ['--enable-exec'] };
    await expect(render(undefined, { kustomize: refused })).rejects.toThrow(
      /--enable-exec is not permitted\. Permitted are --enable-helm, .*Remove it from kustomize\.buildOptions in argocd-cm/,
    );
    const own = { kustomizeVersions: { 'v5.4.3': { options: refused } } };
    await expect(render('v5.4.3', own)).rejects.toThrow(/Remove it from kustomize\.buildOptions\.v5\.4\.3/);
    expect((await render(undefined, own)).args).toBe('build');
  });
});
