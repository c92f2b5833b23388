/** Lines that hold the hash of the line before: who cuts one out, changes or adds one breaks the chain from there on. */
import { createHash } from 'node:crypto';

/** Before the first line of a file. */
export const CHAIN_START = '0'.repeat(64);

export interface ChainState {
  readonly sequence: number;
  readonly hash: string;
}

export interface ChainedLine extends ChainState {
  /** Without a line end. */
  readonly text: string;
}

/** `fields` become one line of JSON that starts with the mark, the number and the hash before, and ends with its own hash. */
export function chainLine(previous: ChainState, fields: Readonly<Record<string, unknown>>): ChainedLine {
  const sequence = previous.sequence + 1;
  const content = JSON.stringify({ audit: true, sequence, previous: previous.hash, ...fields });
  const hash = digest(content);
  return { sequence, hash, text: `${content.slice(0, -1)},"hash":"${hash}"}` };
}

export type ChainCheck =
  | { readonly ok: true; readonly lines: number; readonly chains: readonly ChainPart[] }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** A run of lines without a gap. The first number is 1 unless the beginning is in another (rotated) file. */
export interface ChainPart {
  readonly first: number;
  readonly last: number;
  /** Hash of the last line: the next file of a rotation names it. */
  readonly hash: string;
}

const BEGIN = '{"audit":true,';
const SHAPE = /^\{"audit":true,"sequence":(\d+),"previous":"([0-9a-f]{64})",.*,"hash":"([0-9a-f]{64})"\}$/;

interface KnownLine extends ChainState {
  readonly previous: string;
}

/** What a line says of itself; undefined when its hash is wrong. */
export function readLine(text: string): KnownLine | undefined {
  const [, sequence, previous, hash] = SHAPE.exec(text) ?? [];
  if (sequence === undefined || previous === undefined || hash === undefined) return undefined;
  const content = `${text.slice(0, text.lastIndexOf(',"hash":"'))}}`;
  return digest(content) === hash ? { sequence: Number(sequence), previous, hash } : undefined;
}

/**
 * Checks the lines of one process, in their order. Other lines (the log on the same standard output) are skipped. A chain
 * that begins anew is no gap: a process that writes to standard output knows no earlier one.
 */
export async function verifyChain(lines: AsyncIterable<string> | Iterable<string>): Promise<ChainCheck> {
  const chains: ChainPart[] = [];
  let line = 0;
  let count = 0;
  for await (const text of lines) {
    line += 1;
    if (!text.startsWith(BEGIN)) continue;
    count += 1;
    const found = readLine(text);
    if (found === undefined) return { ok: false, line, problem: 'it was changed after it was written' };
    const last = chains.at(-1);
    const { sequence, previous, hash } = found;
    if (last !== undefined && previous === last.hash) {
      chains[chains.length - 1] = { first: last.first, last: sequence, hash };
    } else if (last === undefined || isBeginning(found)) {
      chains.push({ first: sequence, last: sequence, hash });
    } else {
      return { ok: false, line, problem: `lines between number ${last.last} and number ${sequence} are missing` };
    }
  }
  return { ok: true, lines: count, chains };
}

function isBeginning({ sequence, previous }: KnownLine): boolean {
  return sequence === 1 && previous === CHAIN_START;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
