/** Conditions of links as trees: the operators of github.com/expr-lang/expr with their precedence. */
import { type Token, tokensOf } from './expression-tokens.js';
import { LinkFailure } from './failure.js';

export type Expression =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly key: Expression; readonly optional: boolean }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly then: Expression; readonly otherwise: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] };

const PRECEDENCE: Readonly<Record<string, number>> = {
  ...{ '||': 10, or: 10, '&&': 15, and: 15 },
  ...{ '==': 20, '!=': 20, '<': 20, '>': 20, '<=': 20, '>=': 20 },
  ...{ in: 20, matches: 20, contains: 20, startsWith: 20, endsWith: 20 },
  ...{ '+': 30, '-': 30, '*': 60, '/': 60, '%': 60, '**': 100, '^': 100, '??': 500 },
};
/** Of `not`; minus binds tighter than every operator but a power. */
const NOT = 50;
const SIGN = 90;
const NEGATABLE: ReadonlySet<string> = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: undefined };
const MAX_DEPTH = 100;

interface Parser {
  readonly peek: (ahead?: number) => Token;
  readonly next: () => Token;
  readonly accept: (text: string) => boolean;
  readonly expect: (text: string) => void;
  /** Runs a deeper level; too many are refused before the stack is at its end. */
  readonly deeper: (parse: () => Expression) => Expression;
}

/** @throws LinkFailure that says where the expression is not understood. */
export function parseExpression(source: string): Expression {
  const parser = createParser(tokensOf(source));
  const expression = choice(parser);
  const { kind, text } = parser.peek();
  if (kind !== 'end') throw new LinkFailure(`unexpected ${JSON.stringify(text)}`);
  return expression;
}

function createParser(tokens: readonly Token[]): Parser {
  const end: Token = { kind: 'end', text: '' };
  let at = 0;
  let depth = 0;
  const peek = (ahead = 0): Token => tokens[at + ahead] ?? end;
  const next = (): Token => tokens[at++] ?? end;
  const accept = (text: string): boolean => {
    const { kind } = peek();
    if ((kind !== 'operator' && kind !== 'name') || peek().text !== text) return false;
    at += 1;
    return true;
  };
  const expect = (text: string): void => {
    if (!accept(text)) throw new LinkFailure(`expected ${JSON.stringify(text)}, found ${JSON.stringify(peek().text)}`);
  };
  const deeper = (parse: () => Expression): Expression => {
    if (depth === MAX_DEPTH) throw new LinkFailure(`it is nested deeper than ${MAX_DEPTH} levels`);
    depth += 1;
    const expression = parse();
    depth -= 1;
    return expression;
  };
  return { peek, next, accept, expect, deeper };
}

function choice(parser: Parser): Expression {
  return parser.deeper(() => {
    const test = binary(parser, 0);
    if (!parser.accept('?')) return test;
    const then = choice(parser);
    parser.expect(':');
    return { kind: 'choice', test, then, otherwise: choice(parser) };
  });
}

function binary(parser: Parser, minimum: number): Expression {
  let left = unary(parser);
  for (;;) {
    const negated = isWord(parser.peek(), 'not');
    const operator = operatorAt(parser, negated ? 1 : 0);
    const precedence = operator === undefined ? -1 : (PRECEDENCE[operator] ?? -1);
    if (operator === undefined || precedence < minimum) return left;
    if (negated) {
      if (!NEGATABLE.has(operator)) throw new LinkFailure(`unexpected ${JSON.stringify(operator)} after not`);
      parser.next();
    }
    parser.next();
    const rightAssociative = operator === '**' || operator === '^';
    const right = parser.deeper(() => binary(parser, rightAssociative ? precedence : precedence + 1));
    const whole: Expression = { kind: 'binary', operator, left, right };
    left = negated ? { kind: 'unary', operator: '!', of: whole } : whole;
  }
}

function operatorAt(parser: Parser, ahead: number): string | undefined {
  const { kind, text } = parser.peek(ahead);
  const isOperator = kind === 'operator' || kind === 'name';
  return isOperator && Object.hasOwn(PRECEDENCE, text) ? text : undefined;
}

function isWord({ kind, text }: Token, word: string): boolean {
  return kind === 'name' && text === word;
}

function unary(parser: Parser): Expression {
  if (parser.accept('!') || parser.accept('not')) {
    return { kind: 'unary', operator: '!', of: parser.deeper(() => binary(parser, NOT)) };
  }
  if (parser.accept('-')) return { kind: 'unary', operator: '-', of: parser.deeper(() => binary(parser, SIGN)) };
  if (parser.accept('+')) return parser.deeper(() => binary(parser, SIGN));
  return postfix(parser, primary(parser));
}

function primary(parser: Parser): Expression {
  const { kind, text } = parser.next();
  if (kind === 'text') return { kind: 'value', value: text };
  if (kind === 'number') return { kind: 'value', value: Number(text.replaceAll('_', '')) };
  if (kind === 'name') return nameOrCall(parser, text);
  if (text === '[') return { kind: 'list', items: listUntil(parser, ']') };
  if (text !== '(') throw new LinkFailure(`unexpected ${kind === 'end' ? 'end' : JSON.stringify(text)}`);
  const inside = choice(parser);
  parser.expect(')');
  return inside;
}

function nameOrCall(parser: Parser, name: string): Expression {
  if (Object.hasOwn(LITERALS, name)) return { kind: 'value', value: LITERALS[name] };
  if (parser.accept('(')) return { kind: 'call', name, args: listUntil(parser, ')') };
  return { kind: 'name', name };
}

function listUntil(parser: Parser, end: string): readonly Expression[] {
  const items: Expression[] = [];
  while (!parser.accept(end)) {
    if (items.length > 0) parser.expect(',');
    items.push(choice(parser));
  }
  return items;
}

function postfix(parser: Parser, start: Expression): Expression {
  let of = start;
  for (;;) {
    const optional = parser.accept('?.');
    if (parser.accept('[')) {
      const key = choice(parser);
      parser.expect(']');
      of = { kind: 'member', of, key, optional };
    } else if (optional || parser.accept('.')) {
      const { kind, text } = parser.next();
      if (kind !== 'name') throw new LinkFailure(`expected a name after the dot, found ${JSON.stringify(text)}`);
      of = { kind: 'member', of, key: { kind: 'value', value: text }, optional };
    } else return of;
  }
}
