/** What terminal and browser say to each other, as in Argo CD's websocket: JSON texts. */

export type ClientMessage =
  | { readonly operation: 'stdin'; readonly data: string }
  | { readonly operation: 'resize'; readonly size: TerminalSize };

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Of a terminal as the kernel knows it: 16 bits. */
const MAX_SIZE = 65_535;

/** Undefined: not a message of a terminal. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  const message = objectOf(text);
  const { operation, data, rows, cols } = message;
  if (operation === 'stdin') return typeof data === 'string' ? { operation, data } : undefined;
  if (operation !== 'resize' || !isSize(rows) || !isSize(cols)) return undefined;
  return { operation, size: { cols, rows } };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_SIZE;
}

/** Rows and columns are there as Argo CD writes them. */
export function outputMessage(data: string): string {
  return JSON.stringify({ operation: 'stdout', data, rows: 0, cols: 0 });
}

/** Asks the browser to connect again with its new session. */
export const RECONNECT_MESSAGE = JSON.stringify({ Code: 1 });
