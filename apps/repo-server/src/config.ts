/** Settings of the repo-server. */
import { commonSettings, componentAliases, hostPortSetting, redisSettings, tracingSettings } from '@tiphys/runtime';
import { z } from 'zod';

export const ConfigSchema = z.object({
  ...commonSettings,
  ...redisSettings,
  ...tracingSettings,
  grpcTimeHistogram: z
    .stringbool()
    .default(false)
    .describe('Show grpc_server_handling_seconds, too (ARGOCD_ENABLE_GRPC_TIME_HISTOGRAM)'),
  listen: hostPortSetting('0.0.0.0:8081', 'Address of the gRPC server'),
  metricsListen: hostPortSetting('0.0.0.0:8084', 'Address of /healthz, /readyz and /metrics'),
  tlsDir: z.string().optional().describe('Folder with ca.crt, tls.crt and tls.key for mutual TLS'),
  insecurePlaintext: z
    .stringbool()
    .default(false)
    .describe('Serve without TLS: anybody who reaches the port can render and read repositories'),
  dataDir: z.string().default('/var/lib/tiphys').describe('Folder of the Git mirrors and work folders'),
  memoryDir: z
    .string()
    .default('/dev/shm')
    .describe('Folder in memory (tmpfs) for small work folders, at most 4 MiB each; empty: all are below dataDir'),
  caFile: z.string().optional().describe('PEM bundle of trusted authorities; default the one of the system'),
  gitListTimeout: z.coerce.number().int().positive().default(30).describe('Seconds to wait for a list of refs'),
  gitFetchTimeout: z.coerce.number().int().positive().default(600).describe('Seconds to wait for a fetch'),
  gitRequestsPerHost: z.coerce.number().int().positive().default(8).describe('Requests to one Git host at a time'),
  gpgEnabled: z
    .stringbool()
    .default(true)
    .describe('Verify signatures where a project demands them; false: commits are taken as they are'),
  azureClientId: z.string().optional().describe('Workload identity of this pod in Azure; set by its webhook'),
  azureTenantId: z.string().optional().describe('Tenant of the workload identity in Azure'),
  azureFederatedTokenFile: z.string().optional().describe('Token of the service account for Azure'),
  azureAuthorityHost: z
    .string()
    .default('https://login.microsoftonline.com')
    .describe('Where Azure gives tokens to the workload identity'),
  renderConcurrency: z.coerce.number().int().positive().default(4).describe('Renders at a time'),
  parallelismLimit: z.coerce
    .number()
    .int()
    .positive()
    .default(4)
    .describe('Tool processes (helm, kustomize) at a time'),
  renderTimeout: z.coerce.number().positive().default(90).describe('Seconds that one run of a tool may take'),
  renderMemoryMib: z.coerce.number().int().positive().default(1024).describe('Memory that one run of a tool may use'),
  tools: z.string().optional().describe('Folder with helm, kustomize and jsonnet; searched before toolPath'),
  toolPath: z.string().optional().describe('More folders for the tools, with ":" between them'),
  pluginDir: z
    .string()
    .default('/home/argocd/cmp-server/plugins')
    .describe('Folder with the sockets of the plugin sidecars; without it there are no plugins'),
  expectedPlugins: z
    .string()
    .default('')
    .describe('Names of plugins, with "," between them: until they run, no source is rendered that they might be for'),
  pluginTarExclude: z
    .string()
    .default('')
    .describe('Files that plugins are not sent: patterns, with ";" between them (reposerver.plugin.tar.exclusions)'),
  pluginUseManifestGeneratePaths: z
    .stringbool()
    .default(false)
    .describe('Plugins are sent what the annotation manifest-generate-paths names, not the whole repository'),
  pluginMaxMib: z.coerce.number().int().positive().default(256).describe('Files that one plugin is sent, unpacked'),
  pluginMaxFiles: z.coerce.number().int().positive().default(50_000).describe('Files that one plugin is sent'),
  helmUserAgent: z
    .string()
    .default('tiphys-repo-server')
    .describe('User-Agent towards Helm repositories and registries'),
  manifestCacheHours: z.coerce.number().positive().default(24).describe('How long rendered manifests stay in Redis'),
  allowFileRepositories: z.stringbool().default(false).describe('Allow file:// repositories, for development'),
});
/** Argo CD's names of the same settings. */
export const aliases = {
  ...componentAliases('ARGOCD_REPO_SERVER'),
  grpcTimeHistogram: ['ARGOCD_ENABLE_GRPC_TIME_HISTOGRAM'],
  pluginDir: ['ARGOCD_PLUGINSOCKFILEPATH'],
  pluginTarExclude: ['ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS'],
  pluginUseManifestGeneratePaths: ['ARGOCD_REPO_SERVER_PLUGIN_USE_MANIFEST_GENERATE_PATHS'],
  gpgEnabled: ['ARGOCD_GPG_ENABLED'],
  azureClientId: ['AZURE_CLIENT_ID'],
  azureTenantId: ['AZURE_TENANT_ID'],
  azureFederatedTokenFile: ['AZURE_FEDERATED_TOKEN_FILE'],
  azureAuthorityHost: ['AZURE_AUTHORITY_HOST'],
} as const;
export type Config = Readonly<z.output<typeof ConfigSchema>>;
