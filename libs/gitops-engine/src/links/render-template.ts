/** Renders URL templates of links: fields, pipelines, `if` and `with`, as Go's text/template does (P18). */
import type { LinkData } from './evaluate-expression.js';
import { isRecord, LinkFailure, memberOf } from './failure.js';
import { applyFunction, isTrue, printed } from './template-functions.js';
import { type Operand, type Pipeline, parseTemplate, type TemplateNode } from './template-tree.js';

interface Scope {
  readonly root: LinkData;
  readonly dot: unknown;
}

/** What is missing prints as `<no value>`; a field of something missing is an error, as in Go. @throws LinkFailure. */
export function renderTemplate(source: string, data: LinkData): string {
  return render(parseTemplate(source), { root: data, dot: data });
}

function render(nodes: readonly TemplateNode[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('');
}

function renderNode(node: TemplateNode, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  const value = valueOf(node.pipeline, scope);
  if (node.kind === 'print') return printed(value);
  if (!isTrue(value)) return render(node.otherwise, scope);
  return render(node.then, node.kind === 'with' ? { ...scope, dot: value } : scope);
}

function valueOf(pipeline: Pipeline, scope: Scope): unknown {
  let result: unknown;
  for (const [index, command] of pipeline.entries()) {
    result = run(command, scope, index === 0 ? [] : [result]);
  }
  return result;
}

function run([first, ...rest]: readonly Operand[], scope: Scope, piped: readonly unknown[]): unknown {
  if (first?.kind === 'function') {
    return applyFunction(first.name, [...rest.map((operand) => operandValue(operand, scope)), ...piped]);
  }
  if (rest.length > 0 || piped.length > 0) throw new LinkFailure('a value is used like a function');
  return first === undefined ? undefined : operandValue(first, scope);
}

function operandValue(operand: Operand, scope: Scope): unknown {
  switch (operand.kind) {
    case 'value':
      return operand.value;
    case 'function':
      return applyFunction(operand.name, []);
    case 'pipeline':
      return operand.path.reduce(field, valueOf(operand.pipeline, scope));
    case 'field':
      return operand.path.reduce(field, operand.from === 'root' ? scope.root : scope.dot);
  }
}

function field(value: unknown, name: string): unknown {
  if (isRecord(value)) return memberOf(value, name);
  const what = value === undefined || value === null ? 'what is missing' : printed(value);
  throw new LinkFailure(`there is no field ${name} in ${what}`);
}
