/** Step: the control plane, helm, kustomize and jsonnet, built from the pinned Go module into the cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { goTools, KUBERNETES_VERSION } from './paths.mjs';
import { run, say } from './run.mjs';

const [, KUBERNETES_MINOR] = KUBERNETES_VERSION.split('.');
const KUBERNETES_STAMP = [
  `-X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  `-X k8s.io/component-base/version.gitMinor=${KUBERNETES_MINOR}`,
].join(' ');

/** Cheap ones first; `version` flags give the binaries the version that their own releases print. */
const TOOLS = [
  {
    name: 'kustomize',
    path: 'sigs.k8s.io/kustomize/kustomize/v5',
    stamp: '-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1',
  },
  { name: 'jsonnet', path: 'github.com/google/go-jsonnet/cmd/jsonnet', stamp: '' },
  { name: 'helm', path: 'helm.sh/helm/v3/cmd/helm', stamp: '-X helm.sh/helm/v3/internal/version.version=v3.22.0' },
  { name: 'tiphys-kube', path: '.', stamp: KUBERNETES_STAMP },
];

export const goStep = {
  title: 'control plane, helm, kustomize, jsonnet (Go)',
  isReady: () => TOOLS.every((tool) => existsSync(join(goTools.bin, tool.name))),
  run: build,
};

async function build() {
  if (spawnSync('go', ['version']).error) {
    throw new Error('go is not on PATH; install Go 1.26 or newer (https://go.dev/dl) and run this again');
  }
  const { bin, source } = goTools;
  mkdirSync(bin, { recursive: true });
  for (const tool of TOOLS.filter(({ name }) => !existsSync(join(bin, name)))) {
    say(`  building ${tool.name}${tool.name === 'tiphys-kube' ? ' (about 5 minutes the first time)' : ''}`);
    const output = join(bin, `${tool.name}.tmp`);
    const args = [
      'build',
      '-v',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      `-s -w ${tool.stamp}`,
      '-o',
      output,
      tool.path,
    ];
    const env = { ...process.env, CGO_ENABLED: '0' };
    await run('go', args, {
      title: `go build ${tool.name}`,
      cwd: source,
      env,
      count: /^[\w.-]+\/\S+$/,
      unit: 'packages',
    });
    renameSync(output, join(bin, tool.name));
  }
}
