/** jq expressions as rules of `ignoreDifferences`: in the diff, in what is applied, and as problems (C07, D29, S7). */
import type { JsonObject, KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { compileIgnoreDifferences, ignoredFieldsOf } from '../ignore-differences.js';
import { removePath } from '../paths.js';
import { withIgnoredFields } from '../respect-ignored.js';

const deployment = (...containers: readonly JsonObject[]): KubernetesObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'web' } },
  spec: { template: { spec: { containers } } },
});
const rules = (...jqPathExpressions: string[]) =>
  compileIgnoreDifferences([{ group: 'apps', kind: 'Deployment', jqPathExpressions }]);
const INJECTED = '.spec.template.spec.containers[] | select(.name | startswith("istio-"))';

function containersOf(object: JsonObject | KubernetesObject): readonly unknown[] {
  return (
    object as { spec: { template: { spec: { containers: { name: string }[] } } } }
  ).spec.template.spec.containers.map(({ name }) => name);
}

function removed(object: KubernetesObject, compiled: ReturnType<typeof rules>): JsonObject {
  return ignoredFieldsOf(object, compiled).paths.reduce(removePath, object as unknown as JsonObject);
}

describe('an expression of more than a plain path', () => {
  it('leaves out every place that it names, wherever it is in the list', () => {
    const object = deployment({ name: 'istio-init' }, { name: 'app' }, { name: 'istio-proxy' });
    expect(containersOf(removed(object, rules(INJECTED)))).toEqual(['app']);
  });

  it('applies what is live at the places that it names (D29)', () => {
    const live = deployment({ name: 'app', image: 'web:1' }, { name: 'istio-proxy', image: 'istio:9' });
    const target = deployment({ name: 'app', image: 'web:2' });
    expect(withIgnoredFields(target, live, rules(INJECTED))).toEqual(
      deployment({ name: 'app', image: 'web:2' }, { name: 'istio-proxy', image: 'istio:9' }),
    );
  });

  it('is no rule when it cannot be read; the problem names it', () => {
    const { rules: compiled, problems } = rules('.spec | tset("x")');
    expect(compiled[0]?.paths).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/"\.spec \| tset\("x"\)" cannot be used: the function tset\/1 is not known/),
    ]);
  });

  it('is left out for the rest of the comparison when it takes too long, and said once', () => {
    const compiled = rules('def f: f; f', INJECTED);
    const object = deployment({ name: 'app' }, { name: 'istio-proxy' });
    for (let count = 0; count < 3; count++) expect(containersOf(removed(object, compiled))).toEqual(['app']);
    expect(compiled.problems).toEqual([expect.stringContaining('"def f: f; f" cannot be used')]);
  });

  it('may only spend so much on all objects of a comparison', () => {
    const compiled = rules('[range(20000)] | select(. == null) | .x', '.spec.template.spec | select(.x == "y").x');
    const object = deployment({ name: 'app' });
    for (let count = 0; count < 1_000; count++) removed(object, compiled);
    expect(compiled.problems).toHaveLength(1);
    expect(compiled.problems[0]).toContain('steps');
  });

  it('is said to be wrong when it names values instead of places', () => {
    const compiled = rules('.spec | keys');
    removed(deployment(), compiled);
    expect(compiled.problems).toEqual([expect.stringContaining('gives values, not places')]);
  });
});
