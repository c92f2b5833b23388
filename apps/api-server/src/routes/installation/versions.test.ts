import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TOOL_VERSIONS } from './versions.js';

const modules = readFileSync(new URL('../../../../../tools/local-cluster/go.mod', import.meta.url), 'utf8');

describe('versions of the tools (N16)', () => {
  it.each([
    ['helm.sh/helm/v3', TOOL_VERSIONS.HelmVersion],
    ['sigs.k8s.io/kustomize/kustomize/v5', TOOL_VERSIONS.KustomizeVersion],
    ['github.com/google/go-jsonnet', TOOL_VERSIONS.JsonnetVersion],
  ])('that of %s is the one that is built', (module, version) => {
    expect(modules).toContain(`\t${module} ${version}\n`);
  });
});
