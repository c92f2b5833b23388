/** The syntax tree of jq's expressions, as far as paths are asked of them (C07): everything but assignments, labels and modules. */
import type { JsonValue } from '@tiphys/model';

export type BinaryOperator = 'or' | 'and' | '//' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

export type Node =
  | { readonly kind: 'identity' }
  /** `..` */
  | { readonly kind: 'recurse' }
  | { readonly kind: 'literal'; readonly value: JsonValue }
  /** Text with `\(…)` in it. */
  | { readonly kind: 'text'; readonly parts: readonly (string | Node)[] }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'index'; readonly of: Node; readonly at: Node }
  | { readonly kind: 'slice'; readonly of: Node; readonly from: Node | undefined; readonly to: Node | undefined }
  | { readonly kind: 'each'; readonly of: Node }
  | { readonly kind: 'try'; readonly body: Node; readonly handler: Node | undefined }
  | { readonly kind: 'pipe'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'comma'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'negate'; readonly body: Node }
  | { readonly kind: 'array'; readonly body: Node | undefined }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Node; readonly value: Node }[] }
  | { readonly kind: 'if'; readonly test: Node; readonly then: Node; readonly otherwise: Node | undefined }
  | { readonly kind: 'bind'; readonly source: Node; readonly name: string; readonly body: Node }
  | {
      readonly kind: 'reduce' | 'foreach';
      readonly source: Node;
      readonly name: string;
      readonly start: Node;
      readonly update: Node;
      readonly extract: Node | undefined;
    }
  | {
      readonly kind: 'define';
      readonly name: string;
      readonly parameters: readonly string[];
      readonly body: Node;
      readonly rest: Node;
    }
  | { readonly kind: 'call'; readonly name: string; readonly inputs: readonly Node[] };

/** What is wrong with an expression, in words for the user. */
export class JqSyntaxError extends Error {
  override readonly name = 'JqSyntaxError';
}
