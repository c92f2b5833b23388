/** Kubernetes quantities (`1000m`, `1Gi`, `0.5`, `1e3`) in the canonical text that the API server stores. */

const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const PATTERN = /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;
/** Quantities are kept in nano units: finer ones are rounded up, as the API server does. */
const NANO = 9;

type Format = 'binary' | 'decimal' | 'exponent';
interface Quantity {
  readonly nanos: bigint;
  readonly format: Format;
}

/**
 * The canonical text, or `undefined` when the value is not a quantity. `format: 'decimal'` forces one notation, so that
 * equal amounts have equal texts (`1Gi` and `1073741824`); without it the notation is kept, as the API server keeps it.
 */
export function canonicalQuantity(value: string | number | bigint, format?: 'decimal'): string | undefined {
  const quantity = parseQuantity(typeof value === 'string' ? value : String(value));
  if (quantity === undefined) return undefined;
  if (format === 'decimal') return withDecimalSuffix(quantity.nanos);
  if (quantity.format === 'exponent') return withExponent(quantity.nanos);
  const isWhole = quantity.nanos % 10n ** 9n === 0n;
  const isSmall = abs(quantity.nanos) < 1024n * 10n ** 9n;
  if (quantity.format === 'binary' && isWhole && !isSmall) return withBinarySuffix(quantity.nanos / 10n ** 9n);
  return withDecimalSuffix(quantity.nanos);
}

function parseQuantity(text: string): Quantity | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const amount = BigInt(`${whole}${fraction}`) * (BINARY[binary ?? ''] ?? 1n);
  const power = exponent === undefined ? (DECIMAL_EXPONENT[decimal ?? ''] ?? 0) : Number(exponent);
  const nanos = scale(amount, power - fraction.length + NANO);
  return { nanos: sign === '-' ? -nanos : nanos, format: formatOf(binary, exponent) };
}

function formatOf(binary: string | undefined, exponent: string | undefined): Format {
  if (binary !== undefined) return 'binary';
  return exponent === undefined ? 'decimal' : 'exponent';
}

function scale(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

function withDecimalSuffix(nanos: bigint): string {
  return withPowerOfThousand(nanos, (power) => suffixOf(power) ?? '');
}

function withExponent(nanos: bigint): string {
  return withPowerOfThousand(nanos, (power) => (power === 0 ? '' : `e${power}`));
}

function suffixOf(power: number): string | undefined {
  return Object.entries(DECIMAL_EXPONENT).find(([, exponent]) => exponent === power)?.[0];
}

/** The largest power of thousand (up to 18) that leaves a whole number. */
function withPowerOfThousand(nanos: bigint, suffix: (power: number) => string): string {
  if (nanos === 0n) return '0';
  let value = nanos;
  let power = -NANO;
  while (power < 18 && value % 1000n === 0n) {
    value /= 1000n;
    power += 3;
  }
  return `${value}${suffix(power)}`;
}

function withBinarySuffix(units: bigint): string {
  let value = units;
  let suffix = '';
  for (const next of Object.keys(BINARY)) {
    if (value % 1024n !== 0n) break;
    value /= 1024n;
    suffix = next;
  }
  return `${value}${suffix}`;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
