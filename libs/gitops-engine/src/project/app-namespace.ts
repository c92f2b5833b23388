/** Applications outside the control-plane namespace (A31): which namespaces may hold them. */
import { compileGlob } from '@tiphys/model';
import { RE2JS } from 're2js';

/**
 * Test for the namespaces of a list of globs and `/regular expressions/`, as `application.namespaces` of
 * argocd-cmd-params-cm and `sourceNamespaces` of a project have them (app-any-namespace.md). An expression matches
 * anywhere in the name, as in Argo CD; one that is not valid matches nothing.
 */
export function namespaceMatcher(patterns: readonly string[]): (namespace: string) => boolean {
  const matchers = patterns.map(compilePattern);
  return (namespace) => matchers.some((matches) => matches(namespace));
}

/** Whether Applications of a namespace are looked after: always those of the control-plane namespace. */
export function applicationNamespaceTest(
  controlPlaneNamespace: string,
  patterns: readonly string[],
): (namespace: string) => boolean {
  const matches = namespaceMatcher(patterns);
  return (namespace) => namespace === controlPlaneNamespace || matches(namespace);
}

function compilePattern(pattern: string): (text: string) => boolean {
  if (!(pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/'))) return compileGlob(pattern);
  try {
    const expression = RE2JS.compile(pattern.slice(1, -1));
    return (text) => expression.matcher(text).find();
  } catch {
    return () => false;
  }
}
