/** How often and how patiently the controller works (D38): argocd-cm `timeout.*` and argocd-cmd-params-cm. */
import { createReader, type Parsed, type SettingsData, type SettingsReader } from './reader.js';

export interface ReconciliationSettings {
  /** Between two looks at Git; undefined: never by timer (`timeout.reconciliation: 0`). */
  readonly intervalMs: number | undefined;
  /** A random part of at most this is added to the interval. */
  readonly jitterMs: number;
  /** Between two refreshes that ignore the manifest cache; undefined: never. */
  readonly hardIntervalMs: number | undefined;
  readonly selfHeal: { readonly timeoutMs: number; readonly factor: number; readonly capMs: number };
  /** A sync that takes longer is ended as failed; undefined: no limit. */
  readonly syncTimeoutMs: number | undefined;
  /** Between two waves of a sync (D11). */
  readonly waveDelayMs: number;
  readonly statusProcessors: number;
  readonly operationProcessors: number;
  readonly repoServerTimeoutMs: number;
  /** Failures of the repo-server are not shown before they last this long. */
  readonly repoErrorGracePeriodMs: number;
  readonly serverSideDiff: boolean;
  /** Store each resource's health in the Application (E20). */
  readonly persistResourceHealth: boolean;
  /** Globs or `/regex/` of further namespaces with Applications (A31). */
  readonly applicationNamespaces: readonly string[];
  /** Blast-radius guard: what automatic prunes, and deletions of Applications, may delete without a confirmation (`50%`, `20`, `50%,20`). */
  readonly pruneLimit: string | undefined;
  readonly cascadeLimit: string | undefined;
  readonly impersonation: { readonly enabled: boolean; readonly enforced: boolean };
}

const SECOND = 1_000;

export function parseReconciliationSettings(
  argocdCm: SettingsData,
  parameters: SettingsData,
): Parsed<ReconciliationSettings> {
  const cm = createReader(argocdCm);
  const params = createReader(parameters);
  const positive = (value: number) => (value > 0 ? value : undefined);
  const seconds = (key: string, fallback: number) => params.count(key, fallback) * SECOND;
  const settings: ReconciliationSettings = {
    intervalMs: positive(cm.durationMs('timeout.reconciliation', 120 * SECOND)),
    jitterMs: cm.durationMs('timeout.reconciliation.jitter', 60 * SECOND),
    hardIntervalMs: positive(cm.durationMs('timeout.hard.reconciliation', 0)),
    selfHeal: {
      timeoutMs: seconds(
        'controller.self.heal.backoff.timeout.seconds',
        params.count('controller.self.heal.timeout.seconds', 2),
      ),
      factor: params.count('controller.self.heal.backoff.factor', 3, 1),
      capMs: seconds('controller.self.heal.backoff.cap.seconds', 300),
    },
    syncTimeoutMs: positive(seconds('controller.sync.timeout.seconds', 0)),
    waveDelayMs: seconds('controller.sync.wave.delay.seconds', 2),
    statusProcessors: params.count('controller.status.processors', 20, 1),
    operationProcessors: params.count('controller.operation.processors', 10, 1),
    repoServerTimeoutMs: seconds('controller.repo.server.timeout.seconds', 60),
    repoErrorGracePeriodMs: seconds('controller.repo.error.grace.period.seconds', 180),
    serverSideDiff: params.flag('controller.diff.server.side', false),
    persistResourceHealth: params.flag('controller.resource.health.persist', false),
    applicationNamespaces: params.list('application.namespaces'),
    pruneLimit: deleteLimit(cm, 'tiphys.pruneLimit'),
    cascadeLimit: deleteLimit(cm, 'tiphys.cascadeLimit'),
    impersonation: {
      enabled: cm.flag('application.sync.impersonation.enabled', false),
      enforced: cm.flag('application.sync.impersonation.enforced', true),
    },
  };
  return { settings, problems: [...cm.problems, ...params.problems] };
}

const DELETE_LIMIT = /^(?:\d{1,3}\s*%|\d{1,9})(?:\s*,\s*(?:\d{1,3}\s*%|\d{1,9}))?$/;

function deleteLimit(reader: SettingsReader, key: string): string | undefined {
  const value = reader.text(key);
  if (value === undefined || DELETE_LIMIT.test(value)) return value;
  reader.problem(key, `"${value}" is not a limit; write a share (50%), a number (20) or both (50%,20)`);
  return undefined;
}
