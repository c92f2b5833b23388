/** Five-field cron schedules (D47) matched backwards in time: when did the schedule last fire? No library, no clock. */

export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Both day fields are restricted: then either is enough, as in cron; with a `*` in one of them both must match. */
  readonly eitherDay: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

interface Range {
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

/** `undefined` for a text that is no schedule. */
export function parseCron(text: string): CronSchedule | undefined {
  const fields = (MACROS[text.trim()] ?? text.trim()).split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5) return undefined;
  const minutes = parseField(minute, { from: 0, to: 59 });
  const hours = parseField(hour, { from: 0, to: 23 });
  const days = parseField(day, { from: 1, to: 31 });
  const months = parseField(month, { from: 1, to: 12, names: MONTHS });
  const weekdays = parseField(weekday, { from: 0, to: 6, names: WEEKDAYS });
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  return { minutes, hours, days, months, weekdays, eitherDay: !isAny(day) && !isAny(weekday) };
}

function isAny(field: string | undefined): boolean {
  return field === '*' || field === '?' || field === '*/1';
}

function parseField(field: string | undefined, range: Range): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of (field ?? '').split(',')) {
    const parsed = parsePart(part, range);
    if (parsed === undefined) return undefined;
    for (const value of parsed) values.add(value);
  }
  return values;
}

/** `*`, `?`, `7`, `MON`, `1-5`, each with an optional step as in `0-30/10`. */
function parsePart(part: string, range: Range): readonly number[] | undefined {
  const [span = '', stepText, ...rest] = part.split('/');
  const step = stepText === undefined ? 1 : Number(stepText);
  if (rest.length > 0 || !Number.isInteger(step) || step < 1) return undefined;
  const bounds = parseSpan(span, { range, isOpen: stepText !== undefined });
  if (bounds === undefined || bounds.from > bounds.to) return undefined;
  const { from, to } = bounds;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** A single value with a step runs to the end of its range: `5/15` is `5-59/15`. */
function parseSpan(
  span: string,
  { range, isOpen }: { readonly range: Range; readonly isOpen: boolean },
): Pick<Range, 'from' | 'to'> | undefined {
  if (span === '*' || span === '?') return range;
  const [fromText = '', toText, ...others] = span.split('-');
  const from = valueOf(fromText, range);
  const to = toText === undefined ? (isOpen ? range.to : from) : valueOf(toText, range);
  if (from === undefined || to === undefined || others.length > 0) return undefined;
  return { from, to };
}

function valueOf(text: string, { from, to, names }: Range): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + from : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : undefined;
}

interface LocalTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

const MINUTE_MS = 60_000;

/**
 * The last moment in (`now` - `withinMs`, `now`] at which the schedule fired in the time zone; `undefined`: none.
 * @throws RangeError for an unknown time zone.
 */
export function lastFired(
  schedule: CronSchedule,
  { now, withinMs, timeZone }: { readonly now: Date; readonly withinMs: number; readonly timeZone: string },
): Date | undefined {
  const local = localClock(timeZone);
  const earliest = now.getTime() - withinMs;
  let cursor = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  while (cursor > earliest) {
    const time = local(cursor);
    if (matchesHour(schedule, time)) {
      const minute = latestMinute(schedule, time.minute);
      const fired = minute === undefined ? undefined : cursor - (time.minute - minute) * MINUTE_MS;
      if (fired !== undefined) return fired > earliest ? new Date(fired) : undefined;
    }
    // On to the last minute of the local hour before.
    cursor -= (time.minute + 1) * MINUTE_MS;
  }
  return undefined;
}

function matchesHour(schedule: CronSchedule, { hour, day, month, weekday }: LocalTime): boolean {
  if (!schedule.hours.has(hour) || !schedule.months.has(month)) return false;
  const byDay = schedule.days.has(day);
  const byWeekday = schedule.weekdays.has(weekday);
  return schedule.eitherDay ? byDay || byWeekday : byDay && byWeekday;
}

function latestMinute({ minutes }: CronSchedule, upTo: number): number | undefined {
  for (let minute = upTo; minute >= 0; minute--) if (minutes.has(minute)) return minute;
  return undefined;
}

function localClock(timeZone: string): (epochMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    minute: 'numeric',
    hour: 'numeric',
    day: 'numeric',
    month: 'numeric',
    weekday: 'short',
  });
  return (epochMs) => {
    const parts = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
    const numberOf = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    return {
      minute: numberOf('minute'),
      hour: numberOf('hour'),
      day: numberOf('day'),
      month: numberOf('month'),
      weekday: WEEKDAYS.indexOf((parts.get('weekday') ?? '').toUpperCase()),
    };
  };
}
