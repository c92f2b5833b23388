/** Settings of the process (flags and environment). Live settings come from ConfigMaps, see adapters/settings-source.ts. */
import {
  commonSettings,
  componentAliases,
  durationSetting,
  hostPort,
  hostPortSetting,
  loadConfig,
  redisSettings,
  tracingSettings,
} from '@tiphys/runtime';
import { z } from 'zod';

const schema = z.object({
  ...commonSettings,
  ...redisSettings,
  ...tracingSettings,
  kubeconfig: z.string().optional().describe('Kubeconfig file; in-cluster service account when unset'),
  repoServerAddress: hostPort.describe('gRPC address of the repo-server'),
  tlsDir: z.string().optional().describe('Folder with ca.crt, tls.crt and tls.key for mutual TLS with the repo-server'),
  metricsListen: hostPortSetting('0.0.0.0:8082', 'Operations server: /healthz, /readyz, /metrics'),
  statusProcessors: z.coerce.number().int().min(1).default(20).describe('Applications compared at the same time'),
  operationProcessors: z.coerce.number().int().min(1).default(10).describe('Operations at the same time'),
  deploymentLimitMib: z.coerce
    .number()
    .int()
    .min(0)
    .max(100)
    .default(4)
    .describe('Compressed MiB of manifests kept per history entry, for rollbacks without Git; 0: none'),
  syncWaveDelaySeconds: z.coerce
    .number()
    .min(0)
    .optional()
    .describe(
      'Pause between two waves of a sync; controller.sync.wave.delay.seconds of argocd-cmd-params-cm when unset',
    ),
  metricsApplicationLabels: z
    .string()
    .default('')
    .describe('Labels of Applications, with commas, that argocd_app_labels shows'),
  metricsApplicationConditions: z
    .string()
    .default('')
    .describe('Condition types, with commas, that argocd_app_condition shows'),
  metricsClusterLabels: z
    .string()
    .default('')
    .describe('Labels of cluster Secrets, with commas, that argocd_cluster_labels shows'),
  metricsCacheExpiration: durationSetting(
    '0',
    'How often counters and histograms begin anew, so that those of deleted applications go: 24h0m0s; 0: never',
  ),
  kubeConnections: z.coerce.number().int().min(1).default(24).describe('Connections to each API server'),
});

const COMPONENT = 'ARGOCD_APPLICATION_CONTROLLER';

/** Argo CD's names of the same settings. */
const aliases = {
  ...componentAliases(COMPONENT),
  syncWaveDelaySeconds: ['ARGOCD_SYNC_WAVE_DELAY'],
  metricsApplicationLabels: [`${COMPONENT}_METRICS_APPLICATION_LABELS`],
  metricsApplicationConditions: [`${COMPONENT}_METRICS_APPLICATION_CONDITIONS`],
  metricsClusterLabels: [`${COMPONENT}_METRICS_CLUSTER_LABELS`],
  metricsCacheExpiration: [`${COMPONENT}_METRICS_CACHE_EXPIRATION`],
};

export type Config = z.infer<typeof schema>;

export function readConfig(): Config {
  return loadConfig(schema, { name: 'tiphys-application-controller', aliases });
}
