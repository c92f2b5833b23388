/** The API server as a service: read the configuration, build the parts, listen, stop in reverse order. */
import {
  type Check,
  createLogger,
  createMetrics,
  type Lifecycle,
  loadConfig,
  runService,
  startOpsServer,
} from '@tiphys/runtime';
import { buildApp } from './app.js';
import { buildDeps } from './build-deps.js';
import { configOptions, configSchema } from './config.js';
import type { ApiServerDeps } from './deps.js';

/** Resolves when the service runs; ends the process when it cannot start or is told to stop. */
export async function serve(): Promise<void> {
  const config = loadConfig(configSchema, configOptions);
  const { logLevel: level, logFormat: format, logTimestamp: timestamp } = config;
  const log = createLogger({ name: 'api-server', level, format, timestamp });
  const start = async (lifecycle: Lifecycle): Promise<void> => {
    const metrics = createMetrics();
    let listening = false;
    let deps: ApiServerDeps | undefined;
    const ready = () => {
      const started = listening && !lifecycle.signal.aborted;
      const audit = deps?.auditTrail.status();
      // A full disk must not take the service away: it is said here, and in the metric tiphys_audit_sink_up.
      const auditLog = audit?.ok === false ? [{ name: 'audit log', ok: true, message: audit.message }] : [];
      return [{ name: 'started', ok: started, message: started ? '' : 'it is starting or stopping' }, ...auditLog];
    };
    const health: Check = async ({ full }) =>
      full && deps !== undefined ? [await deps.installation.kubernetes()] : [];
    const ops = await startOpsServer({ listen: config.metricsListen, metrics, health, ready });
    lifecycle.onStop('operations server', () => ops.stop());
    deps = await buildDeps({ config, lifecycle, metrics, log });
    const app = await buildApp(deps);
    lifecycle.onStop('http server', () => app.close());
    const address = await app.listen({ host: config.listen.host, port: config.listen.port });
    listening = true;
    log.info('listening', { address });
  };
  await runService({ name: 'api-server', log, start });
}
