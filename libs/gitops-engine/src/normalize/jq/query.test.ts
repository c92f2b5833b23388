import type { JsonObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { JqLimitError } from './budget.js';
import { compileJq, type JqQuery } from './query.js';

const POD: JsonObject = {
  metadata: { labels: { app: 'web', 'team/x': 'blue' }, annotations: { 'sidecar.istio.io/inject': 'true', note: 'n' } },
  spec: {
    replicas: 3,
    containers: [
      {
        name: 'app',
        image: 'web:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'INJECTED_B', value: '2' },
        ],
        ports: [80, 443],
      },
      { name: 'istio-proxy', image: 'istio:9', env: [{ name: 'INJECTED_C', value: '3' }] },
    ],
    volumes: [
      { name: 'data', size: 10 },
      { name: 'istio-token', size: 1 },
    ],
  },
};

function compiled(expression: string): JqQuery {
  const result = compileJq(expression);
  if ('problem' in result) throw new Error(result.problem);
  return result.query;
}

/** Places as `a.b.0`, in the order in which they are removed. */
const places = (expression: string, object = POD): readonly string[] =>
  compiled(expression)
    .pathsIn(object)
    .map((path) => path.join('.'));

describe('the places that a jq expression names (C07)', () => {
  it.each<[string, readonly string[]]>([
    ['.spec.replicas', ['spec.replicas']],
    ['.spec.replicas, .metadata.labels', ['spec.replicas', 'metadata.labels']],
    ['.spec["replicas"]', ['spec.replicas']],
    ['.spec | .replicas', ['spec.replicas']],
    ['.spec.containers[0:1]', ['spec.containers.0']],
    ['.spec.containers[1:]', ['spec.containers.1']],
    ['.spec.containers[-1:][0].image', ['spec.containers.1.image']],
    ['.spec.containers[] | select(.name | startswith("istio"))', ['spec.containers.1']],
    ['.spec.containers[] | select(.name | test("^istio-.*"))', ['spec.containers.1']],
    ['.spec.containers[] | select(.name | test("ISTIO"; "i")).image', ['spec.containers.1.image']],
    [
      '.spec.containers[].env[] | select(.name | startswith("INJECTED_"))',
      ['spec.containers.1.env.0', 'spec.containers.0.env.1'],
    ],
    [
      '.spec.containers[].env[]? | select(.name == "A" or .value == "3")',
      ['spec.containers.1.env.0', 'spec.containers.0.env.0'],
    ],
    ['.spec.volumes[] | select(.size > 5)', ['spec.volumes.0']],
    ['.spec.volumes[] | select(.size * 10 <= 10 and (.name | contains("token")))', ['spec.volumes.1']],
    ['.spec.volumes[] | select([.name] | inside(["data", "other"]))', ['spec.volumes.0']],
    ['.spec.volumes[] | select(.name | IN("data", "x"))', ['spec.volumes.0']],
    ['.spec.volumes[] | select(.name as $n | ["data"] | index($n))', ['spec.volumes.0']],
    ['.spec.volumes[] | select(has("size")) | .size', ['spec.volumes.1.size', 'spec.volumes.0.size']],
    ['.spec.containers[] | select(any(.env[]; .name == "A"))', ['spec.containers.0']],
    ['.spec.containers[] | select(.env | map(.name) | any(. == "A"))', ['spec.containers.0']],
    ['.spec.containers[] | select(.ports == null)', ['spec.containers.1']],
    ['.spec.containers[] | select(.ports | not) | .image', ['spec.containers.1.image']],
    ['.spec.containers[] | select((.env | length) > 1)', ['spec.containers.0']],
    [
      '.. | .image?',
      [
        'spec.volumes.1.image',
        'spec.volumes.0.image',
        'spec.image',
        'spec.containers.1.image',
        'spec.containers.1.env.0.image',
        'spec.containers.0.image',
        'spec.containers.0.env.1.image',
        'spec.containers.0.env.0.image',
        'metadata.labels.image',
        'metadata.image',
        'metadata.annotations.image',
        'image',
      ],
    ],
    ['.. | select(type == "number" and . > 100)', ['spec.containers.0.ports.1']],
    ['.metadata.annotations | .[keys[] | select(test("istio"))]', ['metadata.annotations.sidecar.istio.io/inject']],
    ['.metadata | .["labels", "annotations"].note', ['metadata.labels.note', 'metadata.annotations.note']],
    ['first(.spec.containers[])', ['spec.containers.0']],
    ['last(.spec.containers[].name)', ['spec.containers.1.name']],
    ['limit(1; .spec.volumes[])', ['spec.volumes.0']],
    ['if .spec.replicas > 1 then .spec.replicas else .metadata end', ['spec.replicas']],
    [
      'if .spec.replicas > 5 then .spec.replicas elif .metadata then .metadata.labels else empty end',
      ['metadata.labels'],
    ],
    ['.spec.missing // .spec.replicas', ['spec.replicas']],
    ['getpath(["spec", "replicas"])', ['spec.replicas']],
    ['def named(n): .[] | select(.name == n); .spec.containers | named("app").image', ['spec.containers.0.image']],
    [
      'def named($n): .[] | select(.name == $n); .spec.volumes | named("data", "istio-token")',
      ['spec.volumes.1', 'spec.volumes.0'],
    ],
    ['.spec.containers[] | select(.image | split(":") | .[1] == "9")', ['spec.containers.1']],
    ['.spec.containers[] | select("\\(.name):\\(.env | length)" == "app:2")', ['spec.containers.0']],
    [
      '.spec.containers[] | select(reduce .env[] as $e (0; . + ($e.value | tonumber)) == 3)',
      ['spec.containers.1', 'spec.containers.0'],
    ],
    ['.spec.containers[] | select([.env[] | .value | tonumber] | add > 2 and max < 3)', ['spec.containers.0']],
    ['.spec.volumes | .[] | select({name, big: (.size > 5)} == {name: "data", big: true})', ['spec.volumes.0']],
    ['.spec.volumes[] | select(.name | ascii_upcase | ltrimstr("ISTIO-") == "TOKEN")', ['spec.volumes.1']],
    ['.spec.volumes[] | select(.name | explode | .[0] == 100)', ['spec.volumes.0']],
    ['.metadata.labels | to_entries | empty', []],
    ['recurse | select(type == "boolean")', []],
    ['.spec.nowhere.at.all', ['spec.nowhere.at.all']],
    ['try .spec.replicas.x catch empty', []],
    ['# a comment\n.spec.replicas', ['spec.replicas']],
  ])('%s', (expression, expected) => {
    const before = structuredClone(POD);
    expect(places(expression)).toEqual(expected);
    expect(POD).toEqual(before);
  });

  it.each(['.spec.replicas[]', '.spec.containers.name', '.spec.containers[] | error("no")', '.spec.nowhere[].x'])(
    '%s does not go with the object, and names nothing, as jq would have it',
    (expression) => {
      expect(places(expression)).toEqual([]);
    },
  );

  it.each(['.spec.replicas + 1', '"text"', '[.spec]', '.spec.containers | map(.name)', '.spec | keys', '(.spec, 1)?'])(
    '%s gives values, which cannot be removed',
    (expression) => {
      expect(() => places(expression)).toThrow('gives values, not places');
    },
  );
});

describe('an expression that cannot be read', () => {
  it.each([
    ['.', 'whole object'],
    ['', 'ends too early'],
    ['.a[', 'ends too early'],
    ['.a | tset("x")', 'function tset/1 is not known'],
    ['.a | test', 'function test/0 is not known'],
    ['.a = 1', 'not supported'],
    ['.a |= 1', 'not supported'],
    ['del(.a', 'expected'],
    ['label $out | .a', '"label" is not supported'],
    ['.a as [$x] | .b', 'write: as $name'],
    ['"open', 'no closing quote'],
    ['"\\(.a"', 'closing quote'],
    ['"\\q"', 'no escape'],
    ['.a ~ .b', 'not understood'],
    ['if .a then .b', 'end'],
    [`${'('.repeat(500)}.a${')'.repeat(500)}`, 'nested deeper'],
    [`.${'a.'.repeat(4000)}b`, 'longer than'],
  ])('%j: %s', (expression, problem) => {
    expect(compileJq(expression)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('limits (S7)', () => {
  const large: JsonObject = { list: Array.from({ length: 3_000 }, (_, index) => ({ name: `n${index}` })) };
  it.each([
    ['an endless loop', 'def f: f; f', POD],
    ['an endless recursion of data', 'recurse({a: .}) | select(.z)', POD],
    ['an endless recursion of a function', 'def f: [f]; f', POD],
    ['a recursion through an input', 'def f(g): g | f(g | g); f(.)', POD],
    ['an endless range', 'range(1000000000) | select(. < 0)', POD],
    ['a list that grows', '[range(1000000000)] | .[0]', POD],
    ['a text that doubles', 'reduce range(64) as $i ("aaaaaaaa"; . + .) | .a', POD],
    ['a text that is repeated', '"aaaaaaaaaa" * 1000000000 | .a', POD],
    ['a list that doubles', 'reduce range(64) as $i ([1, 2, 3]; . + .) | .a', POD],
    ['an object that is compared over and over', '.list[] as $a | .list[] as $b | select($a == $b) | .x', large],
    ['a path that grows', 'recurse(.a) | select(.z)', POD],
    ['a sort in a loop', '.list[] | select([limit(3000; range(3000))] | sort | length > 0)', large],
    ['combinations', '[range(50)] | .[] as $a | .[] as $b | .[] as $c | .[] | select($a > $b and $b > $a)', POD],
  ])('%s ends with an error, after a fixed number of steps', (_name, expression, object) => {
    expect(() => compiled(expression).pathsIn(object)).toThrow(JqLimitError);
  });

  it('a pattern that takes other engines exponential time costs what the text costs (S11)', () => {
    const object: JsonObject = { list: [{ name: `${'a'.repeat(5_000)}!` }, { name: 'aaa' }] };
    expect(places('.list[] | select(.name | test("^(a+)+$"))', object)).toEqual(['list.1']);
  });

  it('deep data is walked without recursion', () => {
    const deep = Array.from({ length: 500 }).reduce<JsonObject>((inner) => ({ a: inner }), { leaf: 1 });
    expect(compiled('.. | .leaf?').pathsIn(deep)).toHaveLength(501);
  });
});
