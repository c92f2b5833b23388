/** The real tools in a temporary work folder; for tests. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Toolbox } from '../workspace/ports.js';
import { createToolbox, type ToolboxOptions } from '../workspace/toolbox.js';

export interface InstalledTools extends Toolbox {
  /** Names of the tools that were run, and how often. */
  readonly runs: readonly string[];
  /** Workspaces on disk. */
  leftovers(): readonly string[];
  remove(): void;
}

/** `binary` is the path of one of the tools; the others lie beside it. */
export function installedTools(binary: string, options: Partial<ToolboxOptions> = {}): InstalledTools {
  const workFolder = mkdtempSync(join(tmpdir(), 'tiphys-tools-'));
  const toolbox = createToolbox({ workFolder, searchPath: [dirname(binary)], parallelism: 2, ...options });
  const runs: string[] = [];
  return {
    ...toolbox,
    runs,
    run: (run, signal) => {
      runs.push(run.tool);
      return toolbox.run(run, signal);
    },
    leftovers: () => readdirSync(workFolder),
    remove: () => {
      toolbox.close();
      rmSync(workFolder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
