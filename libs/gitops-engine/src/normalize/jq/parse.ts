/** Parses jq expressions by jq's precedence: `|`, `,`, `//`, `or`, `and`, comparisons, sums, products, postfixes. */
import { type BinaryOperator, JqSyntaxError, type Node } from './syntax.js';
import { parseText } from './text.js';
import { type Token, tokenize } from './tokens.js';

const MAX_LENGTH = 4_000;
const MAX_NESTING = 100;
const IDENTITY: Node = { kind: 'identity' };

/** @throws JqSyntaxError with what is not understood. */
export function parseJq(source: string): Node {
  if (source.length > MAX_LENGTH) throw new JqSyntaxError(`it is longer than ${MAX_LENGTH} characters`);
  const parser = new Parser(tokenize(source));
  const node = parser.pipe();
  parser.expect('the end');
  return node;
}

const LEVELS: readonly {
  readonly operators: readonly string[];
  readonly rightToLeft?: boolean;
  readonly once?: boolean;
}[] = [
  { operators: ['//'], rightToLeft: true },
  { operators: ['or'] },
  { operators: ['and'] },
  { operators: ['==', '!=', '<', '<=', '>', '>='], once: true },
  { operators: ['+', '-'] },
  { operators: ['*', '/', '%'] },
];

class Parser {
  #next = 0;
  #nesting = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', value: 'the end' };
  }

  #take(): Token {
    const token = this.#token;
    this.#next += 1;
    return token;
  }

  #is(value: string): boolean {
    const { kind, value: text } = this.#token;
    return text === value && (kind === 'sign' || kind === 'word' || kind === 'end');
  }

  #takeIf(value: string): boolean {
    const found = this.#is(value);
    if (found) this.#next += 1;
    return found;
  }

  expect(value: string): void {
    if (!this.#takeIf(value))
      throw new JqSyntaxError(`"${this.#token.value}" is not supported here; ${value} was expected`);
  }

  pipe(): Node {
    this.#nesting += 1;
    if (this.#nesting > MAX_NESTING) throw new JqSyntaxError(`it is nested deeper than ${MAX_NESTING} levels`);
    const node = this.#is('def') ? this.#definition() : this.#pipeOfTerms();
    this.#nesting -= 1;
    return node;
  }

  #pipeOfTerms(): Node {
    const left = this.#comma();
    if (this.#is('as')) return this.#binding(left);
    return this.#takeIf('|') ? { kind: 'pipe', left, right: this.pipe() } : left;
  }

  #binding(source: Node): Node {
    const name = this.#nameAfterAs();
    this.expect('|');
    return { kind: 'bind', source, name, body: this.pipe() };
  }

  #nameAfterAs(): string {
    this.expect('as');
    const { kind, value } = this.#take();
    if (kind !== 'variable') throw new JqSyntaxError(`"as ${value}" is not supported; write: as $name`);
    return value;
  }

  #definition(): Node {
    this.expect('def');
    const name = this.#take().value;
    const parameters: string[] = [];
    if (this.#takeIf('(')) {
      do parameters.push(this.#parameter());
      while (this.#takeIf(';'));
      this.expect(')');
    }
    this.expect(':');
    const body = this.pipe();
    this.expect(';');
    return { kind: 'define', name, parameters, body, rest: this.pipe() };
  }

  #parameter(): string {
    const { kind, value } = this.#take();
    return kind === 'variable' ? `$${value}` : value;
  }

  #comma(): Node {
    let left = this.#level(0);
    while (this.#takeIf(',')) left = { kind: 'comma', left, right: this.#level(0) };
    return left;
  }

  #level(index: number): Node {
    const level = LEVELS[index];
    if (level === undefined) return this.#prefix();
    let left = this.#level(index + 1);
    for (;;) {
      const { kind, value } = this.#token;
      if ((kind !== 'sign' && kind !== 'word') || !level.operators.includes(value)) return left;
      this.#next += 1;
      const right = this.#level(level.rightToLeft === true ? index : index + 1);
      left = { kind: 'binary', operator: value as BinaryOperator, left, right };
      if (level.once === true) return left;
    }
  }

  #prefix(): Node {
    return this.#takeIf('-') ? { kind: 'negate', body: this.#postfix() } : this.#postfix();
  }

  #postfix(): Node {
    let node = this.#term();
    for (;;) {
      const token = this.#token;
      if (token.kind === 'field') node = { kind: 'index', of: node, at: literal(this.#take().value) };
      else if (this.#takeIf('?')) node = { kind: 'try', body: node, handler: undefined };
      else if (this.#takeIf('[')) node = this.#bracket(node);
      else if (this.#is('.') && this.#dotOfMore()) node = this.#afterDot(node);
      else return node;
    }
  }

  #dotOfMore(): boolean {
    const after = this.#tokens[this.#next + 1];
    return after?.kind === 'text' || (after?.kind === 'sign' && after.value === '[');
  }

  #afterDot(of: Node): Node {
    this.expect('.');
    return this.#token.kind === 'text' ? { kind: 'index', of, at: this.#text() } : this.#bracketAfterDot(of);
  }

  #bracketAfterDot(of: Node): Node {
    this.expect('[');
    return this.#bracket(of);
  }

  #bracket(of: Node): Node {
    if (this.#takeIf(']')) return { kind: 'each', of };
    if (this.#takeIf(':')) return this.#sliceEnd(of, undefined);
    const at = this.pipe();
    if (this.#takeIf(':')) return this.#sliceEnd(of, at);
    this.expect(']');
    return { kind: 'index', of, at };
  }

  #sliceEnd(of: Node, from: Node | undefined): Node {
    if (this.#takeIf(']')) return { kind: 'slice', of, from, to: undefined };
    const to = this.pipe();
    this.expect(']');
    return { kind: 'slice', of, from, to };
  }

  #term(): Node {
    const token = this.#token;
    switch (token.kind) {
      case 'field':
        return { kind: 'index', of: IDENTITY, at: literal(this.#take().value) };
      case 'number':
        return literal(Number(this.#take().value));
      case 'text':
        return this.#text();
      case 'variable':
        return { kind: 'variable', name: this.#take().value };
      case 'word':
        return this.#word();
      default:
        return this.#sign();
    }
  }

  #text(): Node {
    const parts = parseText(this.#take().value, (source) => parseJq(source));
    const [only = ''] = parts;
    return parts.length <= 1 && typeof only === 'string' ? literal(only) : { kind: 'text', parts };
  }

  #sign(): Node {
    if (this.#takeIf('..')) return { kind: 'recurse' };
    if (this.#takeIf('(')) {
      const node = this.pipe();
      this.expect(')');
      return node;
    }
    if (this.#takeIf('[')) {
      if (this.#takeIf(']')) return { kind: 'array', body: undefined };
      const body = this.pipe();
      this.expect(']');
      return { kind: 'array', body };
    }
    if (this.#takeIf('{')) return this.#object();
    if (this.#takeIf('.'))
      return this.#token.kind === 'text' ? { kind: 'index', of: IDENTITY, at: this.#text() } : IDENTITY;
    const { kind, value } = this.#token;
    throw new JqSyntaxError(kind === 'end' ? 'it ends too early' : `"${value}" is not supported`);
  }

  #object(): Node {
    const entries: { readonly key: Node; readonly value: Node }[] = [];
    while (!this.#takeIf('}')) {
      if (entries.length > 0) this.expect(',');
      entries.push(this.#entry());
    }
    return { kind: 'object', entries };
  }

  #entry(): { readonly key: Node; readonly value: Node } {
    const { kind, value } = this.#token;
    const key = this.#entryKey();
    if (this.#takeIf(':')) return { key, value: this.#level(0) };
    if (kind === 'variable') return { key, value: { kind: 'variable', name: value } };
    return { key, value: { kind: 'index', of: IDENTITY, at: key } };
  }

  #entryKey(): Node {
    const { kind, value } = this.#token;
    if (kind === 'word' || kind === 'variable') return literal(this.#take().value);
    if (kind === 'text') return this.#text();
    if (this.#takeIf('(')) {
      const key = this.pipe();
      this.expect(')');
      return key;
    }
    throw new JqSyntaxError(`"${value}" is not supported as the key of an object`);
  }

  #word(): Node {
    const { value } = this.#take();
    switch (value) {
      case 'true':
        return literal(true);
      case 'false':
        return literal(false);
      case 'null':
        return literal(null);
      case 'if':
        return this.#condition();
      case 'try':
        return this.#attempt();
      case 'reduce':
      case 'foreach':
        return this.#loop(value);
      case 'label':
      case 'import':
      case 'include':
        throw new JqSyntaxError(`"${value}" is not supported`);
      default:
        return { kind: 'call', name: value, inputs: this.#inputs() };
    }
  }

  #inputs(): readonly Node[] {
    if (!this.#takeIf('(')) return [];
    const inputs: Node[] = [];
    do inputs.push(this.pipe());
    while (this.#takeIf(';'));
    this.expect(')');
    return inputs;
  }

  /** After `if` or `elif`. */
  #condition(): Node {
    const test = this.pipe();
    this.expect('then');
    const then = this.pipe();
    if (this.#takeIf('elif')) return { kind: 'if', test, then, otherwise: this.#condition() };
    const otherwise = this.#takeIf('else') ? this.pipe() : undefined;
    this.expect('end');
    return { kind: 'if', test, then, otherwise };
  }

  #attempt(): Node {
    const body = this.#postfix();
    return { kind: 'try', body, handler: this.#takeIf('catch') ? this.#postfix() : undefined };
  }

  #loop(kind: 'reduce' | 'foreach'): Node {
    const source = this.#postfix();
    const name = this.#nameAfterAs();
    this.expect('(');
    const start = this.pipe();
    this.expect(';');
    const update = this.pipe();
    const extract = kind === 'foreach' && this.#takeIf(';') ? this.pipe() : undefined;
    this.expect(')');
    return { kind, source, name, start, update, extract };
  }
}

function literal(value: string | number | boolean | null): Node {
  return { kind: 'literal', value };
}
