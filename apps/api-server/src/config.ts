/** The settings of this process, from environment and flags. */
import { PRODUCT_VERSION } from '@tiphys/model';
import {
  commonSettings,
  componentAliases,
  hostPort,
  hostPortSetting,
  redisSettings,
  tracingSettings,
} from '@tiphys/runtime';
import { z } from 'zod';

function count(fallback: number, minimum = 0) {
  return z.coerce.number().int().min(minimum).default(fallback);
}

export const configSchema = z.object({
  ...commonSettings,
  ...redisSettings,
  ...tracingSettings,
  listen: hostPortSetting('0.0.0.0:8080', 'Address of the REST API, host:port'),
  metricsListen: hostPortSetting('0.0.0.0:8083', 'Address of /healthz, /readyz and /metrics, host:port'),
  kubeconfig: z.string().optional().describe('kubeconfig of the control-plane cluster; default: the service account'),
  repoServerAddress: hostPort.describe('gRPC address of the repo-server, host:port'),
  tlsDir: z.string().describe('Folder with ca.crt, tls.crt and tls.key for the repo-server'),
  auditLog: z
    .string()
    .optional()
    .describe('File that the audit log is appended to; default: standard output, marked "audit": true'),
  sessionFailureMaxFailCount: count(5, 1).describe('Failed logins of an account until it must wait (F22)'),
  sessionFailureWindowSeconds: count(300).describe(
    'How long it must wait, in seconds; 0: until a restart of Redis (F22)',
  ),
  maxConcurrentLoginRequestsCount: count(50).describe('Logins with a password at once; 0: no limit (F22)'),
  grpcTimeHistogram: z
    .stringbool()
    .default(false)
    .describe('Show grpc_server_handling_seconds, too (ARGOCD_ENABLE_GRPC_TIME_HISTOGRAM)'),
  extensionsDir: z.string().default('/tmp/extensions').describe('Folder with the scripts of UI extensions'),
  insecure: z
    .stringbool()
    .optional()
    .describe('Answer plain HTTP though there is a certificate; default: server.insecure of argocd-cmd-params-cm'),
  trustProxy: z.stringbool().default(false).describe('Believe X-Forwarded-* headers; set it behind an ingress'),
});

export type ApiServerConfig = z.output<typeof configSchema>;

/** For loadConfig. */
export const configOptions = {
  name: 'tiphys-api-server',
  aliases: {
    ...componentAliases('ARGOCD_SERVER'),
    grpcTimeHistogram: ['ARGOCD_ENABLE_GRPC_TIME_HISTOGRAM'],
    sessionFailureMaxFailCount: ['ARGOCD_SESSION_FAILURE_MAX_FAIL_COUNT'],
    sessionFailureWindowSeconds: ['ARGOCD_SESSION_FAILURE_WINDOW_SECONDS'],
    maxConcurrentLoginRequestsCount: ['ARGOCD_MAX_CONCURRENT_LOGIN_REQUESTS_COUNT'],
  },
} as const;

/** Of this build. */
export const VERSION = PRODUCT_VERSION;
