/** Timestamps in the layouts of Go's `time` package, which `log.format.timestamp` uses (M08). Times are UTC. */

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'];
MONTHS.push('November', 'December');
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Longer elements first: `2006` is no `2` with `006`. */
const ELEMENT =
  /January|Monday|2006|Jan|Mon|MST|Z07:00|Z0700|Z07|[+-]07:00|[+-]0700|[+-]07|_2|[.,]0+|[.,]9+|01|02|03|04|05|06|15|PM|pm|1|2|3|4|5/g;

/** `2006-01-02T15:04:05Z07:00` and the like. Text that is no element stays. */
export function formatGoTime(layout: string, at: Date): string {
  return layout.replace(ELEMENT, (element) =>
    element[0] === '.' || element[0] === ',' ? fraction(element, at) : part(element, at),
  );
}

function part(element: string, at: Date): string {
  return (PARTS[element] ?? (() => element))(at);
}

const two = (value: number): string => String(value).padStart(2, '0');
const hour12 = (at: Date): number => at.getUTCHours() % 12 || 12;

const PARTS: Readonly<Record<string, (at: Date) => string>> = {
  '2006': (at) => String(at.getUTCFullYear()).padStart(4, '0'),
  '06': (at) => two(at.getUTCFullYear() % 100),
  January: (at) => MONTHS[at.getUTCMonth()] ?? '',
  Jan: (at) => (MONTHS[at.getUTCMonth()] ?? '').slice(0, 3),
  '01': (at) => two(at.getUTCMonth() + 1),
  '1': (at) => String(at.getUTCMonth() + 1),
  Monday: (at) => DAYS[at.getUTCDay()] ?? '',
  Mon: (at) => (DAYS[at.getUTCDay()] ?? '').slice(0, 3),
  '02': (at) => two(at.getUTCDate()),
  _2: (at) => String(at.getUTCDate()).padStart(2),
  '2': (at) => String(at.getUTCDate()),
  '15': (at) => two(at.getUTCHours()),
  '03': (at) => two(hour12(at)),
  '3': (at) => String(hour12(at)),
  '04': (at) => two(at.getUTCMinutes()),
  '4': (at) => String(at.getUTCMinutes()),
  '05': (at) => two(at.getUTCSeconds()),
  '5': (at) => String(at.getUTCSeconds()),
  PM: (at) => (at.getUTCHours() < 12 ? 'AM' : 'PM'),
  pm: (at) => (at.getUTCHours() < 12 ? 'am' : 'pm'),
  MST: () => 'UTC',
  'Z07:00': () => 'Z',
  Z0700: () => 'Z',
  Z07: () => 'Z',
  '-07:00': () => '+00:00',
  '+07:00': () => '+00:00',
  '-0700': () => '+0000',
  '+0700': () => '+0000',
  '-07': () => '+00',
  '+07': () => '+00',
};

/** `.000` has as many digits; `.999` the same without trailing zeros. We know milliseconds. */
function fraction(element: string, at: Date): string {
  const digits = String(at.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(element.length - 1, '0')
    .slice(0, element.length - 1);
  if (element[1] === '0') return element[0] + digits;
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : element[0] + short;
}
