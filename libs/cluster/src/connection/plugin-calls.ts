/** Counts the runs of exec credential plugins (H03) as client-go does. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface PluginCall {
  /** Exit code; 1 where there is none. */
  readonly code: number;
  readonly status: 'no_error' | 'plugin_execution_error' | 'plugin_not_found_error' | 'client_internal_error';
}

/** `spawn` that reports how each process ended. */
export function countedSpawn(onCall: (call: PluginCall) => void): typeof spawn {
  const counted = (...args: Parameters<typeof spawn>): ChildProcess => {
    const child = spawn(...args);
    let failed: NodeJS.ErrnoException | undefined;
    child.once('error', (error) => {
      failed = error;
    });
    child.once('close', (code) => onCall(callOf(code, failed)));
    return child;
  };
  return counted as typeof spawn;
}

function callOf(code: number | null, error: NodeJS.ErrnoException | undefined): PluginCall {
  if (error?.code === 'ENOENT') return { code: 1, status: 'plugin_not_found_error' };
  if (error !== undefined || code === null) return { code: 1, status: 'client_internal_error' };
  return { code, status: code === 0 ? 'no_error' : 'plugin_execution_error' };
}
