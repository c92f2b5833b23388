/** The API server as a service: read the configuration, build the parts, listen, stop in reverse order. */
import { createLogger, createMetrics, type Lifecycle, loadConfig, runService, startOpsServer } from '@tiphys/runtime';
import { buildApp } from './app.js';
import { buildDeps } from './build-deps.js';
import { configOptions, configSchema } from './config.js';

/** Resolves when the service runs; ends the process when it cannot start or is told to stop. */
export async function serve(): Promise<void> {
  const config = loadConfig(configSchema, configOptions);
  const log = createLogger({ name: 'api-server', level: config.logLevel, format: config.logFormat });
  const start = async (lifecycle: Lifecycle): Promise<void> => {
    const metrics = createMetrics();
    let listening = false;
    const ready = () => [
      { name: 'started', ok: listening && !lifecycle.signal.aborted, message: 'it is starting or stopping' },
    ];
    const ops = await startOpsServer({ listen: config.metricsListen, metrics, health: () => [], ready });
    lifecycle.onStop('operations server', () => ops.stop());
    const app = await buildApp(await buildDeps({ config, lifecycle, metrics, log }));
    lifecycle.onStop('http server', () => app.close());
    const address = await app.listen({ host: config.listen.host, port: config.listen.port });
    listening = true;
    log.info('listening', { address });
  };
  await runService({ name: 'api-server', log, start });
}
