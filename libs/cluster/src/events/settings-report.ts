/** Says which settings cannot be used: a line in the log, a metric, and an Event on the ConfigMap or Secret that holds them. */
import type { InvalidSetting } from '@tiphys/model';
import type { Logger, Metrics } from '@tiphys/runtime';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { createEventRecorder } from './event-recorder.js';

export interface SettingsReport {
  /** All that is invalid now; only what is new or gone since the last call is told. Never fails and never waits. */
  report(invalid: readonly InvalidSetting[]): void;
  /** Resolves when the Events are written. */
  flush(): Promise<void>;
}

export interface SettingsReportOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the Events: which service says it. */
  readonly component: string;
  readonly metrics: Pick<Metrics, 'gauge'>;
  readonly log: Logger;
}

const LOOKUP_TIMEOUT_MS = 10_000;

export function createSettingsReport(options: SettingsReportOptions): SettingsReport {
  const { log, metrics } = options;
  const gauge = metrics.gauge({
    name: 'tiphys_settings_invalid',
    help: '1 for each setting whose value cannot be used; the last good value, or the default, holds.',
    labels: ['object', 'key'],
  });
  const events = createEventRecorder(options);
  const lookups = new Set<Promise<void>>();
  let known: ReadonlyMap<string, InvalidSetting> = new Map();
  return {
    report: (invalid) => {
      const now = new Map(invalid.map((setting) => [JSON.stringify(setting), setting]));
      for (const [id, { object, key }] of known) {
        if (now.has(id)) continue;
        gauge.remove({ object, key });
        if (!invalid.some((other) => other.object === object && other.key === key)) {
          log.info('a setting can be used again', { object, key });
        }
      }
      for (const [id, setting] of now) {
        const { object, key, message, uses } = setting;
        gauge.set({ object, key }, 1);
        if (known.has(id)) continue;
        log.warn('a setting cannot be used', { object, key, problem: message, uses });
        const lookup = record(options, events.record, setting).finally(() => lookups.delete(lookup));
        lookups.add(lookup);
      }
      known = now;
    },
    flush: async () => {
      await Promise.all(lookups);
      await events.flush();
    },
  };
}

type Record = ReturnType<typeof createEventRecorder>['record'];

/** The uid of the object makes `kubectl describe` show the Event. */
async function record(
  { client, namespace }: SettingsReportOptions,
  write: Record,
  setting: InvalidSetting,
): Promise<void> {
  const { kind, object: name, key, message, uses } = setting;
  const resource = kind === 'ConfigMap' ? RESOURCES.configMaps : RESOURCES.secrets;
  const signal = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
  const found = await client.get(resource, { namespace, name }, signal).catch(() => undefined);
  const { uid, resourceVersion } = found?.metadata ?? {};
  const metadata = { namespace, name, ...(uid === undefined ? {} : { uid, resourceVersion }) };
  write({
    involvedObject: { apiVersion: 'v1', kind, metadata },
    ...{ type: 'Warning', reason: 'InvalidSetting', message: `${key}: ${message}; the ${uses} is used` },
  });
}
