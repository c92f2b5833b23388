/** Settings of the repo-server. */
import { commonSettings, hostPortSetting, redisSettings } from '@tiphys/runtime';
import { z } from 'zod';

export const ConfigSchema = z.object({
  ...commonSettings,
  ...redisSettings,
  listen: hostPortSetting('0.0.0.0:8081', 'Address of the gRPC server'),
  metricsListen: hostPortSetting('0.0.0.0:8084', 'Address of /healthz, /readyz and /metrics'),
  tlsDir: z.string().optional().describe('Folder with ca.crt, tls.crt and tls.key for mutual TLS'),
  insecurePlaintext: z
    .stringbool()
    .default(false)
    .describe('Serve without TLS: anybody who reaches the port can render and read repositories'),
  dataDir: z.string().default('/var/lib/tiphys').describe('Folder of the Git mirrors and work folders'),
  caFile: z.string().optional().describe('PEM bundle of trusted authorities; default the one of the system'),
  gitListTimeout: z.coerce.number().int().positive().default(30).describe('Seconds to wait for a list of refs'),
  gitFetchTimeout: z.coerce.number().int().positive().default(600).describe('Seconds to wait for a fetch'),
  gitRequestsPerHost: z.coerce.number().int().positive().default(8).describe('Requests to one Git host at a time'),
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
  helmUserAgent: z
    .string()
    .default('tiphys-repo-server')
    .describe('User-Agent towards Helm repositories and registries'),
  manifestCacheHours: z.coerce.number().positive().default(24).describe('How long rendered manifests stay in Redis'),
  allowFileRepositories: z.stringbool().default(false).describe('Allow file:// repositories, for development'),
});
export type Config = Readonly<z.output<typeof ConfigSchema>>;
