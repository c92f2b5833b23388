/** Entry point of the repo-server. */
import { createLogger, loadConfig, runService } from '@tiphys/runtime';
import { startApp } from './app.js';
import { aliases, ConfigSchema } from './config.js';

const config = loadConfig(ConfigSchema, { name: 'repo-server', aliases });
const { logLevel: level, logFormat: format, logTimestamp: timestamp } = config;
const log = createLogger({ name: 'repo-server', level, format, timestamp });

await runService({
  name: 'repo-server',
  log,
  start: async (lifecycle) => {
    await startApp({ config, log }, lifecycle);
  },
});
