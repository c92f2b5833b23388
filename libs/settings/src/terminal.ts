/** The web terminal (F32, P11): `exec.enabled`, `exec.shells`; `exec.idleTimeout` is ours. */
import { createReader, type Parsed, type SettingsData } from './reader.js';

export interface TerminalSettings {
  readonly enabled: boolean;
  /** Tried in this order until one starts. */
  readonly shells: readonly string[];
  /** A terminal ends after this long without input and output. */
  readonly idleMs: number;
}

/** Argo CD's default. */
const SHELLS: readonly string[] = ['bash', 'sh', 'powershell', 'cmd'];
const IDLE_MS = 30 * 60_000;

export function parseTerminalSettings(argocdCm: SettingsData): Parsed<TerminalSettings> {
  const reader = createReader(argocdCm);
  const shells = reader.list('exec.shells');
  const settings: TerminalSettings = {
    enabled: reader.flag('exec.enabled', false),
    shells: shells.length === 0 ? SHELLS : shells,
    idleMs: reader.durationMs('exec.idleTimeout', IDLE_MS),
  };
  return { settings, problems: reader.problems };
}
