/** Entry point of the plugin server. */
import { createLogger, inheritedEnvironment, loadConfig, runService } from '@tiphys/runtime';
import { startApp } from './app.js';
import { aliases, ConfigSchema } from './config.js';

const config = loadConfig(ConfigSchema, { name: 'cmp-server', aliases });
const log = createLogger({
  name: 'cmp-server',
  level: config.logLevel,
  format: config.logFormat,
  timestamp: config.logTimestamp,
});

await runService({
  name: 'cmp-server',
  log,
  start: async (lifecycle) => {
    await startApp({ config, log, environment: inheritedEnvironment() }, lifecycle);
  },
});
