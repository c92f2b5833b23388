/** Settings of the plugin server; paths and time limits are those of Argo CD's, by the same variables. */
import { commonSettings, durationSetting } from '@tiphys/runtime';
import { z } from 'zod';

const { logLevel, logFormat, logTimestamp } = commonSettings;

export const ConfigSchema = z.object({
  logLevel,
  logFormat,
  logTimestamp,
  pluginConfigDir: z
    .string()
    .default('/home/argocd/cmp-server/config')
    .describe('Folder with plugin.yaml, or the path of the file itself'),
  pluginDir: z
    .string()
    .default('/home/argocd/cmp-server/plugins')
    .describe('Folder of the sockets, shared with the repo-server'),
  pluginWorkDir: z
    .string()
    .default('/tmp/_cmp_server')
    .describe('Folder for the files that a command works on; emptied at start'),
  execTimeout: durationSetting('90s', 'Time that one command may take'),
  execFatalTimeout: durationSetting('10s', 'After that time, until a command that does not end is killed'),
  pluginParallelism: z.coerce.number().int().positive().default(4).describe('Requests that run commands at a time'),
  pluginMemoryMib: z.coerce
    .number()
    .int()
    .positive()
    .default(1024)
    .describe('Data that each process of a command may have'),
  pluginMaxOutputMib: z.coerce.number().int().positive().default(64).describe('What a command may print'),
  pluginMaxSourceMib: z.coerce.number().int().positive().default(256).describe('Files of one source, unpacked'),
  pluginMaxFiles: z.coerce.number().int().positive().default(50_000).describe('Files of one source'),
  requireNetworkIsolation: z
    .stringbool()
    .default(false)
    .describe(
      'Do not start when the plugin declares that it needs no network and the kernel does not let it be taken away',
    ),
});
export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** Argo CD's names of the same settings. */
export const aliases = {
  logLevel: ['ARGOCD_CMP_SERVER_LOGLEVEL'],
  logFormat: ['ARGOCD_CMP_SERVER_LOGFORMAT'],
  logTimestamp: ['ARGOCD_LOG_FORMAT_TIMESTAMP'],
  pluginDir: ['ARGOCD_PLUGINSOCKFILEPATH'],
  pluginWorkDir: ['ARGOCD_CMP_WORKDIR'],
  execTimeout: ['ARGOCD_EXEC_TIMEOUT'],
  execFatalTimeout: ['ARGOCD_EXEC_FATAL_TIMEOUT'],
} as const;
