/** URL templates of links as trees: the part of Go's text/template that links need (P18). */
import { LinkFailure } from './failure.js';

export type Operand =
  | { readonly kind: 'value'; readonly value: unknown }
  /** `.a.b` of the dot, `$.a.b` of the whole data. */
  | { readonly kind: 'field'; readonly from: 'dot' | 'root'; readonly path: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] };

/** Commands; each gets the result of the one before as its last argument. */
export type Pipeline = readonly (readonly Operand[])[];

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with';
      readonly pipeline: Pipeline;
      readonly then: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

const ACTION = /\{\{(-\s)?([\s\S]*?)(\s-)?\}\}/g;
const WORD =
  /\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|(-?\d+(?:\.\d+)?)|(\$?(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\$|\.)|([\p{L}_][\p{L}\p{N}_]*)|([()|]))/uy;
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 50;

interface Piece {
  readonly kind: 'text' | 'action';
  readonly text: string;
}

/** @throws LinkFailure for a template that is malformed, or uses what is not supported (range, variables, definitions). */
export function parseTemplate(source: string): readonly TemplateNode[] {
  if (source.length > MAX_LENGTH) throw new LinkFailure(`it is longer than ${MAX_LENGTH} characters`);
  const pieces = piecesOf(source);
  const { nodes, end } = block(pieces, { at: 0, depth: 0 });
  if (end < pieces.length) throw new LinkFailure(`unexpected {{${pieces[end]?.text ?? ''}}}`);
  return nodes;
}

function piecesOf(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimStart = false;
  const addText = (text: string, trimEnd: boolean): void => {
    const started = trimStart ? text.trimStart() : text;
    const trimmed = trimEnd ? started.trimEnd() : started;
    if (trimmed.includes('{{')) throw new LinkFailure('{{ without }}');
    if (trimmed !== '') pieces.push({ kind: 'text', text: trimmed });
  };
  for (const match of source.matchAll(ACTION)) {
    const [whole, before, action = '', after] = match;
    addText(source.slice(at, match.index), before !== undefined);
    const text = action.trim();
    if (!/^\/\*[\s\S]*\*\/$/.test(text)) pieces.push({ kind: 'action', text });
    trimStart = after !== undefined;
    at = match.index + whole.length;
  }
  addText(source.slice(at), false);
  return pieces;
}

interface Position {
  readonly at: number;
  readonly depth: number;
}

interface Block {
  readonly nodes: readonly TemplateNode[];
  /** Of the piece that ends the block: `end`, `else …`, or one past the last. */
  readonly end: number;
}

function block(pieces: readonly Piece[], { at: start, depth }: Position): Block {
  if (depth > MAX_DEPTH) throw new LinkFailure(`it is nested deeper than ${MAX_DEPTH} levels`);
  const nodes: TemplateNode[] = [];
  let at = start;
  while (at < pieces.length) {
    const piece = pieces[at] as Piece;
    const [keyword = ''] = piece.text.split(/\s/, 1);
    if (piece.kind === 'text') {
      nodes.push({ kind: 'text', text: piece.text });
      at += 1;
    } else if (keyword === 'end' || keyword === 'else') {
      return { nodes, end: at };
    } else if (keyword === 'if' || keyword === 'with') {
      const { node, end } = branch(pieces, { at, depth }, keyword);
      nodes.push(node);
      at = end + 1;
    } else {
      nodes.push({ kind: 'print', pipeline: parsePipeline(piece.text) });
      at += 1;
    }
  }
  return { nodes, end: at };
}

interface Branch {
  readonly node: TemplateNode;
  /** Of the `end` that closes it. */
  readonly end: number;
}

function branch(pieces: readonly Piece[], { at, depth }: Position, kind: 'if' | 'with'): Branch {
  // `{{if a}}` and `{{else if b}}`
  const pipeline = parsePipeline((pieces[at]?.text ?? '').replace(/^(?:else\s+)?(?:if|with)\b/, ''));
  const then = block(pieces, { at: at + 1, depth: depth + 1 });
  const { otherwise, end } = alternative(pieces, { at: then.end, depth });
  const node: TemplateNode = { kind, pipeline, then: then.nodes, otherwise };
  return { node, end };
}

interface Alternative {
  readonly otherwise: readonly TemplateNode[];
  readonly end: number;
}

function alternative(pieces: readonly Piece[], { at, depth }: Position): Alternative {
  const words = (pieces[at]?.text ?? '').split(/\s+/);
  const [keyword, kind] = words;
  if (keyword === 'else' && (kind === 'if' || kind === 'with')) {
    if (depth > MAX_DEPTH) throw new LinkFailure(`it is nested deeper than ${MAX_DEPTH} levels`);
    const { node, end } = branch(pieces, { at, depth: depth + 1 }, kind);
    return { otherwise: [node], end };
  }
  const last = keyword === 'else' ? block(pieces, { at: at + 1, depth: depth + 1 }) : { nodes: [], end: at };
  if (pieces[last.end]?.text !== 'end') throw new LinkFailure('{{if}} or {{with}} without {{end}}');
  return { otherwise: last.nodes, end: last.end };
}

interface Word {
  readonly operand: Operand;
  /** `(`, `)` or `|`; empty for an operand. */
  readonly mark: string;
  /** Directly after the word before. */
  readonly glued: boolean;
}

function parsePipeline(source: string): Pipeline {
  const words = wordsOf(source);
  const cursor = { at: 0 };
  const pipeline = pipelineOf(words, cursor, 0);
  if (cursor.at < words.length) throw new LinkFailure(`unexpected ) in {{${source.trim()}}}`);
  return pipeline;
}

function pipelineOf(words: readonly Word[], cursor: { at: number }, depth: number): Pipeline {
  if (depth > MAX_DEPTH) throw new LinkFailure(`it is nested deeper than ${MAX_DEPTH} levels`);
  const commands: Operand[][] = [[]];
  for (let word = words[cursor.at]; word !== undefined && word.mark !== ')'; word = words[cursor.at]) {
    cursor.at += 1;
    if (word.mark === '|') commands.push([]);
    else commands.at(-1)?.push(word.mark === '(' ? group(words, cursor, depth) : word.operand);
  }
  if (commands.some((command) => command.length === 0)) throw new LinkFailure('a command is empty');
  return commands;
}

/** `(pipeline)` or `(pipeline).a.b`, behind its opening parenthesis. */
function group(words: readonly Word[], cursor: { at: number }, depth: number): Operand {
  const pipeline = pipelineOf(words, cursor, depth + 1);
  if (words[cursor.at]?.mark !== ')') throw new LinkFailure('( without )');
  cursor.at += 1;
  const next = words[cursor.at];
  if (next?.glued !== true || next.operand.kind !== 'field') return { kind: 'pipeline', pipeline, path: [] };
  cursor.at += 1;
  return { kind: 'pipeline', pipeline, path: next.operand.path };
}

function wordsOf(source: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (source.slice(at).trim() !== '') {
    WORD.lastIndex = at;
    const match = WORD.exec(source);
    if (match === null) throw unsupported(source, source.slice(at));
    words.push({ operand: operandOf(match), mark: match[6] ?? '', glued: !/^\s/.test(match[0]) });
    at = WORD.lastIndex;
  }
  return words;
}

function unsupported(source: string, rest: string): LinkFailure {
  return new LinkFailure(`{{${source.trim()}}} is not supported here: near ${rest.trim()}`);
}

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: undefined };

function operandOf([, quoted, raw, number, field, name]: RegExpExecArray): Operand {
  if (quoted !== undefined) return { kind: 'value', value: unquote(quoted) };
  if (raw !== undefined) return { kind: 'value', value: raw };
  if (number !== undefined) return { kind: 'value', value: Number(number) };
  if (field !== undefined) {
    const path = field
      .replace('$', '')
      .split('.')
      .filter((part) => part !== '');
    return { kind: 'field', from: field.startsWith('$') ? 'root' : 'dot', path };
  }
  if (name === undefined) return { kind: 'value', value: undefined };
  return Object.hasOwn(LITERALS, name) ? { kind: 'value', value: LITERALS[name] } : { kind: 'function', name };
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new LinkFailure(`${quoted} is not a text`);
  }
}
