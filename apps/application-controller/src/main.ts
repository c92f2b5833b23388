/** The application-controller: read the configuration, build the parts, run until a signal. */
import { createLogger, runService } from '@tiphys/runtime';
import { readConfig } from './config.js';
import { startController } from './start.js';

const config = readConfig();
const log = createLogger({ name: 'application-controller', level: config.logLevel, format: config.logFormat });

await runService({
  name: 'application-controller',
  log,
  start: (lifecycle) => startController(config, log, lifecycle),
});
