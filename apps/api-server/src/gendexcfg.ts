/**
 * Entry point: writes the configuration of Dex that the installation's dex.config stands for (F23), for a container of
 * Dex beside it; Argo CD's `argocd-dex gendexcfg`. JSON, which Dex reads as the YAML that it is.
 */
import { writeFileSync } from 'node:fs';
import { createKubeClient, loadClusterConnection } from '@tiphys/cluster';
import { commonAliases, commonSettings, loadConfig } from '@tiphys/runtime';
import { z } from 'zod';
import { readDexConfiguration } from './kube/dex-configuration.js';

const configSchema = z.object({
  namespace: commonSettings.namespace,
  kubeconfig: z.string().optional().describe('kubeconfig of the control-plane cluster; default: the service account'),
  out: z.string().optional().describe('File to write, for its owner only; default: standard output'),
});
const TIMEOUT_MS = 30_000;

const { namespace, kubeconfig, out } = loadConfig(configSchema, { name: 'tiphys-gendexcfg', aliases: commonAliases });
const kube = createKubeClient(await loadClusterConnection({ kubeconfig, userAgent: 'tiphys-gendexcfg' }));
try {
  const configuration = await readDexConfiguration(kube, { namespace, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = `${JSON.stringify(configuration, undefined, 2)}\n`;
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text, { mode: 0o600 });
} catch (error) {
  process.stderr.write(`tiphys-gendexcfg: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await kube.close();
}
