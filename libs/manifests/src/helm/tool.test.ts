/** `source.helm.version` (B09): Helm 4 where it is installed, a warning where it is not, and never a failure. */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolPath } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRender, type Toolbox } from '../index.js';
import { type InstalledTools, installedTools } from '../testing/installed-tools.js';
import { treeOf } from '../testing/memory-tree.js';

const folder = mkdtempSync(join(tmpdir(), 'tiphys-helm-versions-'));
const { signal } = new AbortController();
let alone: InstalledTools;
let withFour: InstalledTools;
beforeAll(() => {
  alone = installedTools(toolPath('helm'));
  symlinkSync(toolPath('helm'), join(folder, 'helm'));
  symlinkSync(toolPath('helm'), join(folder, 'helm-v4'));
  withFour = installedTools(join(folder, 'helm'));
});
afterAll(() => {
  alone.remove();
  withFour.remove();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

const planOf = (version: string | undefined, tools: Toolbox, apiVersion = 'v2') =>
  planRender({
    tree: treeOf({
      'app/Chart.yaml': `apiVersion: ${apiVersion}\nname: web\nversion: 1.0.0\n`,
      'app/templates/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
    }),
    source: { repoURL: 'r', path: 'app', helm: version === undefined ? {} : { version } },
    settings: { maxCombinedManifestBytes: 1e7 },
    application: { name: 'a', project: 'p', destinationNamespace: 'ns', kubeVersion: '', apiVersions: [] },
    tools,
  });

describe('source.helm.version', () => {
  it.each([undefined, '', 'v3', '3', 'v2', 'anything'])(
    '%s is the default Helm, and changes no key',
    async (version) => {
      const plan = await planOf(version, withFour);
      expect(plan.key).toBe((await planOf(undefined, withFour)).key);
      expect(await plan.render(signal)).toMatchObject({ warnings: [] });
      expect(withFour.runs.at(-1)).toBe('helm');
    },
  );

  it.each(['v4', '4', 'v4.3.1'])('%s is Helm 4 where it is installed', async (version) => {
    expect(await (await planOf(version, withFour)).render(signal)).toMatchObject({ warnings: [] });
    expect(withFour.runs.at(-1)).toBe('helm-v4');
  });

  it('v4 where it is not installed is rendered with the default Helm, with a warning', async () => {
    const { warnings, manifests } = await (await planOf('v4', alone)).render(signal);
    expect(warnings).toEqual([
      expect.stringMatching(/with Helm v3\..*Helm 4 is not installed\. Add a binary "helm-v4"/),
    ]);
    expect(manifests).toHaveLength(1);
  });

  it('charts of the experimental format v3 are rendered, as by the Helm of Argo CD', async () => {
    const { manifests } = await (await planOf(undefined, alone, 'v3')).render(signal);
    expect(manifests).toHaveLength(1);
  });
});
