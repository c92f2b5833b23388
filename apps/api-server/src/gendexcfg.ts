/**
 * Entry point: writes the configuration of Dex that the installation's dex.config stands for (F23), for a container of
 * Dex beside it; Argo CD's `argocd-dex gendexcfg`. Reads argocd-cm, argocd-secret and the Secrets that they refer to.
 */
import { writeFileSync } from 'node:fs';
import { createKubeClient, type KubeClient, loadClusterConnection, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS, LABELS } from '@tiphys/model';
import { commonAliases, commonSettings, loadConfig } from '@tiphys/runtime';
import {
  configMapData,
  decodeSecretData,
  dexConfiguration,
  parseServerSettings,
  parseSsoSettings,
  type SecretRecord,
  toSecretRecord,
} from '@tiphys/settings';
import { z } from 'zod';
import { dexClientSecret } from './auth/oidc/login-provider.js';

const configSchema = z.object({
  namespace: commonSettings.namespace,
  kubeconfig: z.string().optional().describe('kubeconfig of the control-plane cluster; default: the service account'),
  out: z.string().optional().describe('File to write; default: standard output'),
});

const config = loadConfig(configSchema, { name: 'tiphys-gendexcfg', aliases: commonAliases });
const connection = await loadClusterConnection({ kubeconfig: config.kubeconfig, userAgent: 'tiphys-gendexcfg' });
const kube = createKubeClient(connection);
try {
  const text = `${JSON.stringify(await configuration(kube, config.namespace), undefined, 2)}\n`;
  if (config.out === undefined) process.stdout.write(text);
  else writeFileSync(config.out, text, { mode: 0o600 });
} catch (error) {
  process.stderr.write(`tiphys-gendexcfg: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await kube.close();
}

/** JSON, which Dex reads as the YAML that it is. */
async function configuration(client: KubeClient, namespace: string): Promise<unknown> {
  const signal = AbortSignal.timeout(30_000);
  const [settings, secret] = await Promise.all([
    client.get(RESOURCES.configMaps, { namespace, name: CONFIG_OBJECTS.settings }, signal),
    client.get(RESOURCES.secrets, { namespace, name: CONFIG_OBJECTS.secret }, signal),
  ]);
  const argocdCm = configMapData(settings);
  const argocdSecret = secret === undefined ? {} : decodeSecretData(secret);
  const others = Object.fromEntries(
    (await referenced(client, namespace, signal)).map(({ name, data }) => [name, data]),
  );
  const { dex } = parseSsoSettings(argocdCm, { argocdSecret, others }).settings;
  const { url, additionalUrls } = parseServerSettings(argocdCm).settings;
  const signingKey = argocdSecret['server.secretkey'];
  if (dex === undefined) throw new Error('there is no dex.config in argocd-cm');
  if (url === undefined) throw new Error('url in argocd-cm must be the address that users reach the server at');
  if (!signingKey) throw new Error('argocd-secret has no server.secretkey yet: start the api-server first');
  return dexConfiguration(dex, { url, additionalUrls, clientSecret: dexClientSecret(signingKey) });
}

async function referenced(client: KubeClient, namespace: string, signal: AbortSignal): Promise<SecretRecord[]> {
  const found: SecretRecord[] = [];
  let continueToken: string | undefined;
  do {
    const options = { namespace, labelSelector: `${LABELS.partOf}=argocd`, limit: 100, signal };
    const page = await client.list(RESOURCES.secrets, { ...options, ...(continueToken && { continueToken }) });
    found.push(...page.items.map(toSecretRecord));
    continueToken = page.continueToken;
  } while (continueToken);
  return found;
}
