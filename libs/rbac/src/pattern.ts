/** The patterns of rules, compiled once per policy (F11), and what they tell about the objects that they can match. */
import { compileGlob, isGlob } from '@tiphys/model';
import { RE2JS } from 're2js';
import type { MatchMode } from './settings.js';

export interface Pattern {
  /** False: it is no pattern of the mode. */
  readonly isValid: boolean;
  readonly matches: (text: string) => boolean;
  /** The part before the first `/` of everything that it matches (all of it, without a `/`); undefined when that varies. */
  readonly head: string | undefined;
}

/** Called for each comparison of a pattern with a text: what tests and benchmarks count. */
export type OnMatch = () => void;

export function createPatternCompiler(mode: MatchMode, onMatch?: OnMatch): (pattern: string) => Pattern {
  const known = new Map<string, Pattern>();
  return (text) => {
    const pattern = known.get(text) ?? counted(mode === 'glob' ? globPattern(text) : regexPattern(text), onMatch);
    known.set(text, pattern);
    return pattern;
  };
}

function counted(pattern: Pattern, onMatch: OnMatch | undefined): Pattern {
  if (onMatch === undefined) return pattern;
  return {
    ...pattern,
    matches: (text) => {
      onMatch();
      return pattern.matches(text);
    },
  };
}

/** Matches whatever there is. */
export const ANYTHING: Pattern = { isValid: true, matches: () => true, head: undefined };

/** What stands before the first `/`. */
export function headOf(text: string): string {
  const slash = text.indexOf('/');
  return slash < 0 ? text : text.slice(0, slash);
}

function globPattern(pattern: string): Pattern {
  const special = pattern.search(/[*?[\]{}\\]/);
  if (special < 0) return { isValid: true, matches: (text) => text === pattern, head: headOf(pattern) };
  const prefix = pattern.slice(0, special);
  const head = prefix.includes('/') ? headOf(prefix) : undefined;
  if (pattern.slice(special) === '*') return { isValid: true, matches: (text) => text.startsWith(prefix), head };
  return { isValid: isGlob(pattern), matches: compileGlob(pattern), head };
}

/** Unanchored, as Go's regexp.MatchString, and in linear time (S12). */
function regexPattern(pattern: string): Pattern {
  const simple = simpleExpression(pattern);
  if (simple !== undefined) return { isValid: true, matches: simple, head: anchoredHead(pattern) };
  const expression = compileExpression(pattern);
  if (expression === undefined) return { isValid: false, matches: () => false, head: undefined };
  return { isValid: true, matches: (text) => expression.matcher(text).find(), head: anchoredHead(pattern) };
}

/** `^web/shop$`, `^web/` and `^web/.*$` are what most policies write, and need no machinery. */
function simpleExpression(pattern: string): Pattern['matches'] | undefined {
  const [whole, literal = '', rest = ''] = /^\^([\w/:-]+)(\$|\.\*\$?)?$/.exec(pattern) ?? [];
  if (whole === undefined) return undefined;
  if (rest === '$') return (text) => text === literal;
  const isOneLine = rest.endsWith('$');
  return (text) => text.startsWith(literal) && !(isOneLine && text.includes('\n'));
}

/** `^web/…`: letters, digits, `_` and `-` up to a `/` mean themselves, unless there is an alternative to all of it. */
function anchoredHead(pattern: string): string | undefined {
  return pattern.includes('|') ? undefined : /^\^([\w-]+)\/(?![*?{])/.exec(pattern)?.[1];
}

function compileExpression(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
