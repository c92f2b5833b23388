/**
 * The js-yaml schema that reads YAML as Kubernetes' Go tools do (sigs.k8s.io/yaml): YAML 1.1 booleans, octal and
 * underscored integers, dates as strings, integers beyond 2^53 as bigint, last duplicate key wins, tags ignored.
 */
import yaml from 'js-yaml';
import { decodeBase64Text } from '../text/encoding.js';

const TAG = 'tag:yaml.org,2002:';
const NULL = /^(?:~|null|Null|NULL|)$/;
const BOOLEAN = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const TRUE = /^(?:y|yes|true|on)$/i;
const INTEGER = /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_A_JSON_NUMBER = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/** Digits (without sign and underscores) to the literal that BigInt understands; undefined when Go reads a string. */
function integerLiteral(digits: string): string | undefined {
  if (/^0[xbo]/.test(digits)) return digits;
  if (/^0[0-7]+$/.test(digits)) return `0o${digits.slice(1)}`;
  return /^\d+$/.test(digits) ? digits : undefined;
}

function parseInteger(text: string): number | bigint | undefined {
  const plain = text.replaceAll('_', '');
  const negative = plain.startsWith('-');
  const literal = integerLiteral(/^[-+]/.test(plain) ? plain.slice(1) : plain);
  if (literal === undefined) return undefined;
  const value = negative ? -BigInt(literal) : BigInt(literal);
  const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return safe ? Number(value) : value;
}

const nullType = new yaml.Type(`${TAG}null`, {
  kind: 'scalar',
  resolve: (data: string | null) => data === null || NULL.test(data),
  construct: () => null,
  predicate: (value: unknown) => value === null,
  represent: () => 'null',
});

const booleanType = new yaml.Type(`${TAG}bool`, {
  kind: 'scalar',
  resolve: (data: string | null) => data !== null && BOOLEAN.test(data),
  construct: (data: string) => TRUE.test(data),
  predicate: (value: unknown) => typeof value === 'boolean',
  represent: String,
});

const integerType = new yaml.Type(`${TAG}int`, {
  kind: 'scalar',
  resolve: (data: string | null) => data !== null && INTEGER.test(data) && parseInteger(data) !== undefined,
  construct: (data: string) => parseInteger(data),
  predicate: (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value),
  represent: (value: unknown) => (Object.is(value, -0) ? '0' : String(value)),
});

const floatType = new yaml.Type(`${TAG}float`, {
  kind: 'scalar',
  resolve: (data: string | null) => {
    if (data === null) return false;
    if (NOT_A_JSON_NUMBER.test(data)) throw new yaml.YAMLException(`${data} is not a JSON number; quote it`);
    return FLOAT.test(data) && Number.isFinite(Number(data.replaceAll('_', '')));
  },
  construct: (data: string) => Number(data.replaceAll('_', '')),
  predicate: (value: unknown) => typeof value === 'number' && Number.isFinite(value),
  represent: String,
});

const mergeType = new yaml.Type(`${TAG}merge`, { kind: 'scalar', resolve: (data: string | null) => data === '<<' });

const binaryType = new yaml.Type(`${TAG}binary`, {
  kind: 'scalar',
  resolve: (data: string | null) => data !== null && decodeBase64Text(data) !== undefined,
  construct: (data: string) => decodeBase64Text(data),
});

const anyTag = (kind: 'scalar' | 'sequence' | 'mapping') =>
  new yaml.Type('!', { kind, multi: true, construct: (data: unknown) => data });

export const KUBERNETES_SCHEMA = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [nullType, booleanType, integerType, floatType, mergeType],
  explicit: [binaryType, anyTag('scalar'), anyTag('sequence'), anyTag('mapping')],
});
