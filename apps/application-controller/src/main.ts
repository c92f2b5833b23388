/** The application-controller: read the configuration, build the parts, run until a signal. */
import { createLogger, runService } from '@tiphys/runtime';
import { readConfig } from './config.js';
import { startController } from './start.js';

const config = readConfig();
const { logLevel: level, logFormat: format, logTimestamp: timestamp } = config;
const log = createLogger({ name: 'application-controller', level, format, timestamp });

await runService({
  name: 'application-controller',
  log,
  start: (lifecycle) => startController(config, log, lifecycle),
});
