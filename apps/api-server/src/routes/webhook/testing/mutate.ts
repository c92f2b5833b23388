/** Requests that no sender would send: sample deliveries with their payload, text, headers or signature changed at random. */
import type { WebhookRequest } from '../provider.js';
import { requestOf, type SampleDelivery, SECRET } from './deliveries.js';

/** `Random` of libs/testing, which only tests may import. */
interface Random {
  below(below: number): number;
  pick<T>(values: readonly T[]): T;
}

type Path = readonly string[];

const HOSTILE: readonly unknown[] = [
  ...[
    '',
    ' ',
    '\0',
    '../../etc',
    '__proto__',
    'https://[',
    'git@',
    '://',
    '%',
    '%00',
    'refs/heads/',
    'x\ny',
    'ÿ',
    '\ud800',
  ],
  ...[
    'a'.repeat(5_000),
    '/'.repeat(3_000),
    'a:'.repeat(2_000),
    'oci://',
    'git@x:'.repeat(500),
    '0'.repeat(40),
    'x/'.repeat(1_500),
  ],
  ...[null, true, 0, -0, -1, 1e308, 2 ** 53, [], {}, [null], [[]], { name: {} }, ['a', 1, null]],
  ...[{ constructor: 1 }, { length: 1e9 }, { toString: 1 }, { then: 1 }],
];
const CONTENT_TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  '',
  'multipart/form-data',
];

/** One changed request; most of them are signed, so that the reading is reached. */
export function mutatedRequest(sample: SampleDelivery, random: Random): WebhookRequest {
  const payload = changedPayload(sample.payload, random);
  const text = toText(payload);
  const body = random.below(3) === 0 ? changedText(text, random) : text;
  const secret = random.below(20) === 0 ? random.pick(['guessed', undefined]) : SECRET;
  const request = requestOf(sample, { secret, body });
  return random.below(10) === 0 ? changedHeaders(request, random) : request;
}

function toText(payload: unknown): string {
  return JSON.stringify(payload) ?? '';
}

function changedPayload(payload: object, random: Random): unknown {
  const paths = pathsOf(payload);
  let changed: unknown = payload;
  for (let count = random.below(3); count >= 0; count -= 1) {
    changed = replaced(changed, random.pick(paths), newValue(payload, random));
  }
  return changed;
}

const knownPaths = new WeakMap<object, readonly Path[]>();

/** Of a sample, found once. */
function pathsOf(payload: object): readonly Path[] {
  const paths = knownPaths.get(payload) ?? pathsIn(payload, []);
  knownPaths.set(payload, paths);
  return paths;
}

/** Something hostile, a part of the payload from elsewhere, or nothing at all. */
function newValue(payload: object, random: Random): unknown {
  const kind = random.below(4);
  if (kind === 0) return undefined;
  if (kind === 1) return valueAt(payload, random.pick(pathsOf(payload)));
  if (kind === 2) return nested(random.below(50), random.pick(HOSTILE));
  return random.pick(HOSTILE);
}

function nested(depth: number, value: unknown): unknown {
  return depth === 0 ? value : [nested(depth - 1, value)];
}

function pathsIn(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, child]) => pathsIn(child, [...path, name]))];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], value);
}

/** The path may lead through what was replaced before: then nothing changes. */
function replaced(value: unknown, [name, ...rest]: Path, by: unknown): unknown {
  if (name === undefined) return by;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const fields = copy as Record<string, unknown>;
  fields[name] = replaced(fields[name], rest, by);
  return copy;
}

/** Bytes cut, doubled, dropped or made up. */
function changedText(text: string, random: Random): string {
  const [from, to] = [random.below(text.length + 1), random.below(text.length + 1)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  switch (random.below(5)) {
    case 0:
      return text.slice(0, from);
    case 1:
      return text.slice(0, from) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(from);
    case 3:
      return `payload=${random.pick([encodeURIComponent(text), text])}`;
    default:
      return text.slice(0, from) + String.fromCharCode(random.below(0x3000)) + text.slice(from);
  }
}

function changedHeaders(request: WebhookRequest, random: Random): WebhookRequest {
  const headers = { ...request.headers };
  const name = random.pick(Object.keys(headers));
  switch (random.below(4)) {
    case 0:
      delete headers[name];
      break;
    case 1:
      headers[name] = random.pick(['', '\0', 'x'.repeat(10_000), 'push', 'ping', '__proto__']);
      break;
    case 2:
      headers[name] = ['a', 'b'];
      break;
    default:
      headers['content-type'] = random.pick(CONTENT_TYPES);
  }
  const query = random.pick<WebhookRequest['query']>([request.query, {}, { type: ['harbor'] }, { type: 'generic' }]);
  return { ...request, headers, query };
}
