/** From settings to how plugins are found and what they are sent (B29, B34). */
import type { PluginSocketsOptions } from '@tiphys/manifests';
import type { Config } from './config.js';

export function pluginOptions(config: Config, folder: string): PluginSocketsOptions {
  return {
    folder: config.pluginDir,
    settings: {
      exclude: listOf(config.pluginTarExclude, ';'),
      useManifestGeneratePaths: config.pluginUseManifestGeneratePaths,
    },
    expected: listOf(config.expectedPlugins, ','),
    timeoutMs: config.renderTimeout * 1_000,
    concurrency: config.parallelismLimit,
    limits: {
      folder,
      maxFiles: config.pluginMaxFiles,
      maxBytes: config.pluginMaxMib * 1024 * 1024,
    },
  };
}

function listOf(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
