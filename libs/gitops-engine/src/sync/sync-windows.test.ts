import type { SyncWindow } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { lastFired, parseCron } from './cron-schedule.js';
import { decideSyncWindow, type WindowQuestion } from './sync-windows.js';

const subject = { application: 'web', namespace: 'shop', clusterServer: 'https://prod', clusterName: 'prod' };
/** Monday, 10:30 UTC. */
const MONDAY = new Date('2026-01-05T10:30:00Z');

const allow = (schedule: string, duration: string, more: Partial<SyncWindow> = {}): SyncWindow => ({
  kind: 'allow',
  schedule,
  duration,
  applications: ['*'],
  ...more,
});
const deny = (schedule: string, duration: string, more: Partial<SyncWindow> = {}): SyncWindow => ({
  ...allow(schedule, duration, more),
  kind: 'deny',
});

const office = allow('0 9 * * 1-5', '8h');
const night = allow('0 22 * * *', '6h');
const freeze = deny('0 10 * * *', '1h');

const rows: readonly (Partial<WindowQuestion> & { readonly name: string; readonly allowed: boolean })[] = [
  { name: 'no windows: allowed', windows: undefined, allowed: true },
  { name: 'inside an allow window', windows: [office], allowed: true },
  { name: 'outside every allow window (D48)', windows: [night], allowed: false },
  { name: 'one active allow window is enough', windows: [night, office], allowed: true },
  { name: 'an active deny window beats an allow window (D48)', windows: [office, freeze], allowed: false },
  { name: 'a deny window that is over does not matter', windows: [deny('0 8 * * *', '1h')], allowed: true },
  {
    name: 'a window for another application does not matter',
    windows: [{ ...freeze, applications: ['api-*'] }],
    allowed: true,
  },
  { name: 'a window by namespace', windows: [{ ...freeze, applications: [], namespaces: ['sh*'] }], allowed: false },
  { name: 'a window by cluster name', windows: [{ ...freeze, applications: [], clusters: ['prod'] }], allowed: false },
  {
    name: 'any list is enough without andOperator',
    windows: [{ ...freeze, applications: ['x'], namespaces: ['shop'] }],
    allowed: false,
  },
  {
    name: 'andOperator wants every list to match (D47)',
    windows: [{ ...freeze, applications: ['x'], namespaces: ['shop'], andOperator: true }],
    allowed: true,
  },
  { name: 'by hand: not through a deny window', windows: [freeze], isManual: true, allowed: false },
  {
    name: 'by hand: through a deny window with manualSync (D49)',
    windows: [{ ...freeze, manualSync: true }],
    isManual: true,
    allowed: true,
  },
  {
    name: 'by hand: every inactive allow window must agree (D49)',
    windows: [{ ...night, manualSync: true }, allow('0 3 * * *', '1h')],
    isManual: true,
    allowed: false,
  },
  {
    name: 'by hand: outside an allow window with manualSync (D49)',
    windows: [{ ...night, manualSync: true }],
    isManual: true,
    allowed: true,
  },
  {
    name: 'a running operation is held by a window that begins',
    windows: [freeze],
    runningSince: new Date('2026-01-05T09:59:00Z'),
    allowed: false,
  },
  {
    name: 'syncOverrun lets it finish (D50)',
    windows: [{ ...freeze, syncOverrun: true }],
    runningSince: new Date('2026-01-05T09:59:00Z'),
    allowed: true,
  },
  {
    name: 'syncOverrun does not help what began when it was forbidden (D50)',
    windows: [{ ...freeze, syncOverrun: true }],
    runningSince: new Date('2026-01-05T10:01:00Z'),
    allowed: false,
  },
  {
    name: 'a time zone moves the window (D47)',
    windows: [{ ...office, timeZone: 'America/New_York' }],
    allowed: false,
  },
  {
    name: 'a time zone with half hours',
    windows: [allow('0 16 * * *', '1m', { timeZone: 'Asia/Kolkata' })],
    allowed: true,
  },
  { name: 'a window that cannot be read forbids', windows: [allow('sometimes', '1h')], allowed: false },
  { name: 'an unknown time zone forbids', windows: [{ ...office, timeZone: 'Mars/Base' }], allowed: false },
];

describe('sync windows', () => {
  it.each(rows)('$name', ({ allowed, name: _, ...question }) => {
    expect(decideSyncWindow({ windows: [], subject, now: MONDAY, isManual: false, ...question }).allowed).toBe(allowed);
  });

  it('names the window that decided', () => {
    const decide = (windows: readonly SyncWindow[]) =>
      decideSyncWindow({ windows, subject, now: MONDAY, isManual: false }).reason;
    expect(decide([freeze])).toBe('inside the deny window "0 10 * * * for 1h"');
    expect(decide([{ ...night, description: 'at night' }])).toBe('outside the allow windows "at night"');
  });
});

describe('cron schedules', () => {
  it.each([
    ['* * * * *', '2026-01-05T10:30:00Z'],
    ['0 9 * * 1-5', '2026-01-05T09:00:00Z'],
    ['*/7 * * * *', '2026-01-05T10:28:00Z'],
    ['15,45 8-10 * * MON', '2026-01-05T10:15:00Z'],
    ['0 0 1 * *', '2026-01-01T00:00:00Z'],
    ['0 0 1 JAN *', '2026-01-01T00:00:00Z'],
    ['0 12 4 * THU', '2026-01-04T12:00:00Z'],
    ['0 12 */2 * SUN', '2026-01-04T12:00:00Z'],
    ['@daily', '2026-01-05T00:00:00Z'],
    ['0 0 31 2 *', undefined],
  ])('%s last fired at %s', (text, expected) => {
    const schedule = parseCron(text);
    const fired = schedule && lastFired(schedule, { now: MONDAY, withinMs: 6 * 86_400_000, timeZone: 'UTC' });
    expect(fired?.toISOString()).toBe(expected && new Date(expected).toISOString());
  });

  it.each(['', '* * * *', '60 * * * *', '* * * * 8', '5-1 * * * *', '*/0 * * * *', 'a b c d e', '@reboot'])(
    '%j is no schedule',
    (text) => {
      expect(parseCron(text)).toBeUndefined();
    },
  );

  it('knows that the clock went forward', () => {
    const schedule = parseCron('30 1 * * *');
    const now = new Date('2026-03-29T12:00:00Z');
    const fired = schedule && lastFired(schedule, { now, withinMs: 86_400_000, timeZone: 'Europe/London' });
    // 01:30 did not exist that day in London; the day before it was still GMT, more than 24 hours ago by noon.
    expect(fired).toBeUndefined();
  });
});
