/** The configuration of Dex that the installation's objects stand for (F23), read once. */
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS, LABELS } from '@tiphys/model';
import {
  configMapData,
  decodeSecretData,
  dexConfiguration,
  parseServerSettings,
  parseSsoSettings,
  type SecretRecord,
  toSecretRecord,
} from '@tiphys/settings';
import { dexClientSecret } from '../auth/oidc/login-provider.js';

type Client = Pick<KubeClient, 'get' | 'list'>;

export interface DexConfigurationRequest {
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Holds secrets. Rejects with what is missing. */
export async function readDexConfiguration(
  kube: Client,
  request: DexConfigurationRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const { namespace, signal } = request;
  const [settings, secret, referenced] = await Promise.all([
    kube.get(RESOURCES.configMaps, { namespace, name: CONFIG_OBJECTS.settings }, signal),
    kube.get(RESOURCES.secrets, { namespace, name: CONFIG_OBJECTS.secret }, signal),
    referencedSecrets(kube, request),
  ]);
  const argocdCm = configMapData(settings);
  const argocdSecret = secret === undefined ? {} : decodeSecretData(secret);
  const others = Object.fromEntries(referenced.map(({ name, data }) => [name, data]));
  const { dex } = parseSsoSettings(argocdCm, { argocdSecret, others }).settings;
  const { url, additionalUrls } = parseServerSettings(argocdCm).settings;
  const signingKey = argocdSecret['server.secretkey'];
  if (dex === undefined) throw new Error('there is no dex.config in argocd-cm');
  if (url === undefined) throw new Error('url in argocd-cm must be the address that users reach the server at');
  if (!signingKey) throw new Error('argocd-secret has no server.secretkey yet: start the api-server first');
  return dexConfiguration(dex, { url, additionalUrls, clientSecret: dexClientSecret(signingKey) });
}

async function referencedSecrets(
  kube: Client,
  { namespace, signal }: DexConfigurationRequest,
): Promise<SecretRecord[]> {
  const found: SecretRecord[] = [];
  let continueToken: string | undefined;
  do {
    const options = { namespace, labelSelector: `${LABELS.partOf}=argocd`, limit: 100, signal };
    const page = await kube.list(RESOURCES.secrets, { ...options, ...(continueToken && { continueToken }) });
    found.push(...page.items.map(toSecretRecord));
    continueToken = page.continueToken;
  } while (continueToken);
  return found;
}
