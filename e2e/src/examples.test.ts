/** Applications of `examples/sources` as a user would apply them: from Git to the cluster, all at once. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { API_VERSION } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { eventually, type Files, filesOf, type KubeObject, uniqueName } from '@tiphys/testing';
import { beforeAll, expect, it } from 'vitest';
import { useSite } from './support/site.js';

const site = useSite('examples', { settings: { 'kustomize.buildOptions': '--enable-helm' } });

/** Those whose kinds every cluster has, and whose sources are in Git. */
const NAMES = [
  'helm-umbrella-production',
  'helm-library',
  'helm-vendored',
  'helm-environments',
  'helm-inline-values',
  'helm-files',
  'helm-overrides',
  'kustomize-eu-production-blue',
  'kustomize-chosen-components',
  'kustomize-merged-generators',
  'kustomize-replacements',
  'kustomize-remote-base',
  'kustomize-helm',
  'jsonnet-libraries',
  'jsonnet-arguments',
  'monorepo-team',
  'multi-source-tools',
];
const URL_OF_EXAMPLES = 'http://git-server/git/examples.git';
const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const applications = `/apis/${API_VERSION}/namespaces`;
let url = '';
/** Names of the Applications here, by those of the examples. */
const deployed = new Map<string, string>();

beforeAll(async () => {
  const files = Object.entries(filesOf(examples)).map(([path, content]) => [
    `examples/${path}`,
    path.endsWith('kustomization.yaml') ? textOf(content).replaceAll(URL_OF_EXAMPLES, repositoryUrl()) : content,
  ]);
  const repository = await site().git.createRepository('examples', Object.fromEntries(files) as Files);
  url = repository.url;
  for (const name of NAMES) await deploy(name);
});

const textOf = (content: unknown): string =>
  content instanceof Uint8Array ? new TextDecoder().decode(content) : String(content);
const repositoryUrl = (): string => `${site().git.url}/examples.git`;

/** The Application of the example, automated, with the repository of this test and a namespace that nobody else uses. */
async function deploy(example: string): Promise<void> {
  const text = readFileSync(`${examples}/sources/${example}.yaml`, 'utf8');
  const name = uniqueName(example).slice(-50).replace(/^-+/, '');
  const application = parseYaml(text.replaceAll(URL_OF_EXAMPLES, url), { origin: example }) as KubeObject;
  const spec = application['spec'] as Readonly<Record<string, object>>;
  await site().client.create({
    ...application,
    metadata: { name, namespace: site().namespace },
    spec: {
      ...spec,
      destination: { ...spec['destination'], namespace: uniqueName('example') },
      syncPolicy: { ...spec['syncPolicy'], automated: {} },
    },
  });
  deployed.set(example, name);
}

it.each(NAMES)('%s', async (example) => {
  const path = `${applications}/${site().namespace}/applications/${deployed.get(example)}`;
  await eventually(
    async () => {
      const { status } = await site().client.get<KubeObject & { readonly status?: Record<string, unknown> }>(path);
      const { sync, conditions, operationState } = (status ?? {}) as Record<string, Record<string, unknown>>;
      const shown = JSON.stringify({ conditions, operationState }).slice(0, 1_500);
      expect(sync?.['status'], shown).toBe('Synced');
    },
    { description: `${example} is Synced`, timeoutMs: 60_000 },
  );
});
