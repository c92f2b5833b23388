/** Installs our CRDs from the chart, as a user of the chart would get them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { eventually } from './eventually.js';
import type { KubeClient, KubeObject } from './kube-client.js';

const CRD_DIRECTORY = fileURLToPath(new URL('../../../charts/tiphys/crds', import.meta.url));

/** Applies every CRD of `directory` (default: the chart's; none when it does not exist) and waits until each is served. */
export async function installCustomResources(client: KubeClient, directory = CRD_DIRECTORY): Promise<void> {
  const files = existsSync(directory) ? readdirSync(directory).filter((name) => /\.ya?ml$/.test(name)) : [];
  const objects = files.flatMap(
    (name) => loadAll(readFileSync(join(directory, name), 'utf8')) as (KubeObject | null)[],
  );
  const definitions = objects.filter((object) => object !== null && object.kind === 'CustomResourceDefinition');
  await Promise.all(definitions.map((definition) => installOne(client, definition as KubeObject)));
}

async function installOne(client: KubeClient, definition: KubeObject): Promise<void> {
  await client.apply(definition, { fieldManager: 'tiphys-crds' });
  const path = await client.pathOf(definition);
  await eventually(async () => assertEstablished(await client.get(path)), { description: definition.metadata.name });
}

function assertEstablished(definition: KubeObject): void {
  const status = definition['status'] as
    | { conditions?: { type: string; status: string; message?: string }[] }
    | undefined;
  const conditions = status?.conditions ?? [];
  if (!conditions.some((condition) => condition.type === 'Established' && condition.status === 'True')) {
    throw new Error(`not established: ${JSON.stringify(conditions)}`);
  }
}
