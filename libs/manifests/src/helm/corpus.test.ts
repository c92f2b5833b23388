/** What a render of a chart says beside the manifests; the manifests themselves are compared in `corpus.int.test.ts`. */
import { join } from 'node:path';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { planRender } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { filesOf, treeOf } from '../testing/memory-tree.js';

const TESTDATA = join(import.meta.dirname, '../../testdata/helm');
const tools = installedTools(toolPath('helm'));
afterAll(() => tools.remove());
const { signal } = new AbortController();
const application = {
  name: 'app',
  project: 'default',
  destinationNamespace: 'ns',
  kubeVersion: 'v1.34.2',
  apiVersions: ['gateway.networking.k8s.io/v1'],
};

const render = async (root: string, source: object) => {
  const request = {
    source: { repoURL: 'r', ...source },
    settings: { maxCombinedManifestBytes: 1e7 },
    application,
    tools,
  };
  return (await planRender({ ...request, tree: treeOf(filesOf(root)) })).render(signal);
};

describe('around the manifests', () => {
  it('origins are templates in the repository', async () => {
    const { manifests } = await render(join(TESTDATA, 'crds-and-hooks/repo'), { path: 'web' });
    expect(manifests.map(({ origin }) => origin).sort()).toEqual([
      'web/crds/crd.yaml',
      'web/templates/pre.yaml',
      'web/templates/tests/test.yaml',
      'web/templates/thing.yaml',
    ]);
  });

  it('functions that give another result each time are warned about, lookups too', async () => {
    const { warnings } = await render(join(TESTDATA, 'unstable-but-guarded/repo'), { path: 'web' });
    expect(warnings).toEqual([
      expect.stringMatching(/^web\/templates\/secret\.yaml: "lookup" finds nothing/),
      expect.stringMatching(/^web\/templates\/secret\.yaml: "randAlphaNum" may give another result/),
    ]);
  });
});
