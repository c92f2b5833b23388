/** The API server as a process: read the configuration, build the parts, listen, stop in reverse order. */
import { createLogger, createMetrics, loadConfig, runService, startOpsServer } from '@tiphys/runtime';
import { buildApp } from './app.js';
import { buildDeps } from './build-deps.js';
import { configOptions, configSchema } from './config.js';

const config = loadConfig(configSchema, configOptions);
const log = createLogger({ name: 'api-server', level: config.logLevel, format: config.logFormat });

await runService({
  name: 'api-server',
  log,
  start: async (lifecycle) => {
    const metrics = createMetrics();
    let ready = false;
    const checks = () => [{ name: 'started', ok: ready, message: 'the watches are not complete yet' }];
    const ops = await startOpsServer({ listen: config.metricsListen, metrics, health: () => [], ready: checks });
    lifecycle.onStop('operations server', () => ops.stop());
    const app = await buildApp(await buildDeps({ config, lifecycle, metrics, log }));
    lifecycle.onStop('http server', () => app.close());
    const address = await app.listen({ host: config.listen.host, port: config.listen.port });
    ready = true;
    log.info('listening', { address });
  },
});
