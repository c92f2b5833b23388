/** Step: the control plane, helm, kustomize, their renderers, jsonnet and an OCI registry, built from the pinned Go module into the cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { goTools } from './paths.mjs';
import { run, say } from './run.mjs';

/** The module of a tool, and how its version is put into what is built from it. */
const KUSTOMIZE = {
  module: 'sigs.k8s.io/kustomize/kustomize/v5',
  stamps: (version) => ({ 'sigs.k8s.io/kustomize/api/provenance.version': version }),
};
const HELM = {
  module: 'helm.sh/helm/v3',
  stamps: (version) => ({ 'helm.sh/helm/v3/internal/version.version': version }),
};
/** Its version is in its source. */
const JSONNET = { module: 'github.com/google/go-jsonnet', stamps: () => ({}) };

/** Cheap ones first; `stamps` give the binaries the version that their own releases print. A renderer is used only when its tool has the same. */
const TOOLS = [
  { name: 'kustomize', path: 'sigs.k8s.io/kustomize/kustomize/v5', ...KUSTOMIZE },
  { name: 'render-kustomize', path: './render-kustomize', ...KUSTOMIZE },
  { name: 'jsonnet', path: 'github.com/google/go-jsonnet/cmd/jsonnet', ...JSONNET },
  { name: 'render-jsonnet', path: './render-jsonnet', ...JSONNET },
  { name: 'helm', path: 'helm.sh/helm/v3/cmd/helm', ...HELM },
  { name: 'render-helm', path: './render-helm', ...HELM },
  {
    name: 'registry',
    path: './registry',
    module: 'github.com/distribution/distribution/v3',
    stamps: (version) => ({ 'github.com/distribution/distribution/v3/version.version': version }),
  },
  { name: 'tiphys-kube', path: '.', module: 'k8s.io/kubernetes', stamps: kubernetesStamps },
];

export const goStep = {
  title: 'control plane, helm, kustomize, renderers, jsonnet, registry (Go)',
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
      linkerFlags(tool),
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

function kubernetesStamps(version) {
  const [major, minor] = version.slice(1).split('.');
  const name = 'k8s.io/component-base/version';
  return { [`${name}.gitVersion`]: version, [`${name}.gitMajor`]: major, [`${name}.gitMinor`]: minor };
}

/** Strips the binary and stamps the version that go.mod pins into it. */
function linkerFlags({ module, stamps }) {
  const pins = readFileSync(join(goTools.source, 'go.mod'), 'utf8').split('\n');
  const version = pins
    .map((line) => line.trim().split(' '))
    .find(([name, pin]) => name === module && pin?.startsWith('v'))?.[1];
  if (version === undefined) {
    throw new Error(`tools/local-cluster/go.mod requires no ${module}`);
  }
  return ['-s -w', ...Object.entries(stamps(version)).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}
