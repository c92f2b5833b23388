/** Sync windows of a project (D47-D50): when an application may be synced, by itself or by hand. */
import { matchesGlob, parseDuration, type SyncWindow } from '@tiphys/model';
import { type CronSchedule, lastFired, parseCron } from './cron-schedule.js';

export interface WindowSubject {
  readonly application: string;
  readonly namespace: string;
  readonly clusterServer: string;
  readonly clusterName: string;
}

export interface WindowQuestion {
  readonly windows: readonly SyncWindow[] | undefined;
  readonly subject: WindowSubject;
  readonly now: Date;
  /** A person asks: windows with `manualSync` do not stop it (D49). */
  readonly isManual: boolean;
  /** Start of the operation that runs already; windows with `syncOverrun` let it finish (D50). */
  readonly runningSince?: Date;
}

export interface WindowDecision {
  readonly allowed: boolean;
  /** A clause for messages, such as `outside the allow windows "0 9 * * 1-5"`. */
  readonly reason: string;
}

const ALLOWED: WindowDecision = { allowed: true, reason: 'no sync window forbids it' };

/**
 * An active deny window forbids; without one, an active allow window permits; when allow windows exist and none is
 * active, it is forbidden (D48). A window that cannot be read denies: it was meant to hold something back.
 */
export function decideSyncWindow(question: WindowQuestion): WindowDecision {
  const windows = (question.windows ?? []).filter((window) => windowApplies(window, question.subject));
  const decision = decideAt(windows, question);
  const { runningSince } = question;
  if (decision.allowed || runningSince === undefined || !mayOverrun(windows, question)) return decision;
  const atStart = decideAt(windows, { ...question, now: runningSince });
  return atStart.allowed ? { allowed: true, reason: 'it began while it was permitted (syncOverrun)' } : decision;
}

function decideAt(windows: readonly SyncWindow[], { now, isManual }: WindowQuestion): WindowDecision {
  const unreadable = windows.find((window) => readSchedule(window) === undefined);
  if (unreadable !== undefined) {
    return { allowed: false, reason: `sync window ${nameOf(unreadable)} cannot be read; correct it in the AppProject` };
  }
  const denies = windows.filter((window) => window.kind === 'deny' && isActive(window, now));
  if (denies.length > 0) {
    const allowed = isManual && denies.every((window) => window.manualSync === true);
    return allowed ? ALLOWED : { allowed, reason: `inside the deny window ${denies.map(nameOf).join(', ')}` };
  }
  const allows = windows.filter((window) => window.kind === 'allow');
  if (allows.length === 0 || allows.some((window) => isActive(window, now))) return ALLOWED;
  const allowed = isManual && allows.every((window) => window.manualSync === true);
  return allowed ? ALLOWED : { allowed, reason: `outside the allow windows ${allows.map(nameOf).join(', ')}` };
}

/** D50: active denies, or all allows when none is active, must agree. */
function mayOverrun(windows: readonly SyncWindow[], { now }: WindowQuestion): boolean {
  const denies = windows.filter((window) => window.kind === 'deny' && isActive(window, now));
  const deciding = denies.length > 0 ? denies : windows.filter((window) => window.kind === 'allow');
  return deciding.length > 0 && deciding.every((window) => window.syncOverrun === true);
}

/** Whether a window names the application: by default any of the three lists is enough; with `andOperator` every list that is given must match. */
export function windowApplies(window: SyncWindow, subject: WindowSubject): boolean {
  const lists: readonly (readonly [readonly string[] | undefined, readonly string[]])[] = [
    [window.applications, [subject.application]],
    [window.namespaces, [subject.namespace]],
    [window.clusters, [subject.clusterServer, subject.clusterName]],
  ];
  const given = lists.filter(([patterns]) => patterns !== undefined && patterns.length > 0);
  const matches = ([patterns, values]: (typeof lists)[number]) =>
    (patterns ?? []).some((pattern) => values.some((value) => value !== '' && matchesGlob(pattern, value)));
  if (given.length === 0) return false;
  return window.andOperator === true ? given.every(matches) : given.some(matches);
}

interface Readable {
  readonly schedule: CronSchedule;
  readonly durationMs: number;
  readonly timeZone: string;
}

function readSchedule({ kind, schedule, duration, timeZone }: SyncWindow): Readable | undefined {
  const cron = parseCron(schedule ?? '');
  const durationMs = parseDuration(duration ?? '');
  if ((kind !== 'allow' && kind !== 'deny') || cron === undefined) return undefined;
  if (durationMs === undefined || durationMs <= 0) return undefined;
  const zone = timeZone === undefined || timeZone === '' ? 'UTC' : timeZone;
  return isTimeZone(zone) ? { schedule: cron, durationMs, timeZone: zone } : undefined;
}

/** Why the window cannot be read; undefined when it can. */
export function syncWindowProblem(window: SyncWindow): string | undefined {
  const { kind, schedule = '', duration = '', timeZone = '' } = window;
  if (kind !== 'allow' && kind !== 'deny') return `kind '${kind ?? ''}' mismatch: can only be allow or deny`;
  if (parseCron(schedule) === undefined) return `cannot parse schedule '${schedule}': write five cron fields`;
  if ((parseDuration(duration) ?? 0) <= 0) return `cannot parse duration '${duration}': write for example 1h30m`;
  return timeZone === '' || isTimeZone(timeZone)
    ? undefined
    : `cannot parse '${timeZone}' as time zone: write a name such as Europe/Berlin`;
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }) !== undefined;
  } catch {
    return false;
  }
}

/** True from the moment the schedule fires for as long as the window lasts. */
export function isActive(window: SyncWindow, now: Date): boolean {
  const readable = readSchedule(window);
  if (readable === undefined) return false;
  const { schedule, durationMs, timeZone } = readable;
  return lastFired(schedule, { now, withinMs: durationMs, timeZone }) !== undefined;
}

function nameOf({ schedule, duration, description }: SyncWindow): string {
  return `"${description || `${schedule ?? ''} for ${duration ?? ''}`}"`;
}
