/** The life of a service: start, wait for a signal, stop what was started in reverse order, exit. */
import type { Logger } from './ports.js';

export interface Lifecycle {
  /** Aborted when the service begins to stop. */
  readonly signal: AbortSignal;
  /** Registers how to stop a part that has just been started; parts stop in reverse order, one after the other. */
  onStop(name: string, stop: () => Promise<void> | void): void;
}

/** The part of `process` that is used; tests pass their own. */
export interface ProcessHost {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  exit(code: number): unknown;
}

export interface ServiceOptions {
  readonly name: string;
  readonly log: Logger;
  /** Rejecting stops what was registered so far and exits 1. */
  readonly start: (lifecycle: Lifecycle) => Promise<void>;
  /** How long stopping may take before the process exits anyway; default 25 s (below Kubernetes' 30 s). */
  readonly stopTimeoutMs?: number;
  readonly host?: ProcessHost;
}

/**
 * Runs a service until SIGTERM or SIGINT (exit 0), a failed start, an uncaught error (exit 1). A second signal exits at
 * once (exit 130). An unhandled rejection is a defect: it is logged and ends the process after an orderly stop.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { name, log, start } = options;
  const host: ProcessHost = options.host ?? (process as ProcessHost);
  const controller = new AbortController();
  const parts: Part[] = [];
  let stopping: Promise<void> | undefined;

  const stop = (reason: string, code: number): void => {
    if (stopping !== undefined) return;
    log.info('stopping', { reason });
    controller.abort(new Error(`${name} is stopping: ${reason}`));
    stopping = stopParts(parts, log, options.stopTimeoutMs ?? 25_000).then((clean) => {
      log.info('stopped', { reason, clean });
      host.exit(clean ? code : 1);
    });
  };
  const onSignal = (signal: string): void => {
    if (stopping === undefined) stop(signal, 0);
    else host.exit(130);
  };
  const onDefect = (kind: string) => (error: unknown) => {
    log.error(kind, { error });
    stop(kind, 1);
  };
  host.on('SIGTERM', () => onSignal('SIGTERM'));
  host.on('SIGINT', () => onSignal('SIGINT'));
  host.on('unhandledRejection', onDefect('unhandled rejection'));
  host.on('uncaughtException', onDefect('uncaught exception'));

  try {
    log.info('starting', { pid: process.pid, node: process.version });
    await start({
      signal: controller.signal,
      onStop: (part, stopPart) => void parts.push({ name: part, stop: stopPart }),
    });
    log.info('started');
  } catch (error) {
    if (stopping === undefined) log.error('start failed', { error });
    stop('start failed', 1);
  }
}

interface Part {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

/** False when a part failed to stop or the time ran out. */
async function stopParts(parts: Part[], log: Logger, timeoutMs: number): Promise<boolean> {
  let current = '';
  const work = async (): Promise<boolean> => {
    let clean = true;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      current = part.name;
      try {
        await part.stop();
      } catch (error) {
        clean = false;
        log.error('a part failed to stop', { part: part.name, error });
      }
    }
    return clean;
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      log.error('stopping took too long', { part: current, timeoutMs });
      resolve(false);
    }, timeoutMs);
  });
  const clean = await Promise.race([work(), deadline]);
  clearTimeout(timer);
  return clean;
}
