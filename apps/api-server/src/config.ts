/** The settings of this process, from environment and flags. */
import { PRODUCT_VERSION } from '@tiphys/model';
import { commonAliases, commonSettings, hostPort, hostPortSetting, redisSettings } from '@tiphys/runtime';
import { z } from 'zod';

export const configSchema = z.object({
  ...commonSettings,
  ...redisSettings,
  listen: hostPortSetting('0.0.0.0:8080', 'Address of the REST API, host:port'),
  metricsListen: hostPortSetting('0.0.0.0:8083', 'Address of /healthz, /readyz and /metrics, host:port'),
  kubeconfig: z.string().optional().describe('kubeconfig of the control-plane cluster; default: the service account'),
  repoServerAddress: hostPort.describe('gRPC address of the repo-server, host:port'),
  tlsDir: z.string().describe('Folder with ca.crt, tls.crt and tls.key for the repo-server'),
  auditLog: z
    .string()
    .optional()
    .describe('File that the audit log is appended to; default: standard output, marked "audit": true'),
  trustProxy: z.stringbool().default(false).describe('Believe X-Forwarded-* headers; set it behind an ingress'),
});

export type ApiServerConfig = z.output<typeof configSchema>;

/** For loadConfig. */
export const configOptions = { name: 'tiphys-api-server', aliases: commonAliases } as const;

/** Of this build. */
export const VERSION = PRODUCT_VERSION;
