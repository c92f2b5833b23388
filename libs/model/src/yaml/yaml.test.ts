import { describe, expect, it } from 'vitest';
import { isGitOpsError } from '../errors/gitops-error.js';
import {
  flattenLists,
  parseDocuments,
  parseJson,
  parseManifests,
  parseYaml,
  stringifyJson,
  stringifyYaml,
  stringifyYamlDocuments,
  yamlBombIn,
} from './index.js';

const origin = 'apps/web.yaml';
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isGitOpsError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
};

describe('scalars are read as Go reads them', () => {
  it.each([
    ['yes', true],
    ['off', false],
    ['"yes"', 'yes'],
    ['~', null],
    ['', undefined],
    ['0777', 511],
    ['0o777', 511],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['089', 89],
    ['1:30', '1:30'],
    ['2024-01-01', '2024-01-01'],
    ['1e3', 1000],
    ['1e400', '1e400'],
    ['.5', 0.5],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['!custom text', 'text'],
    ['!!binary aGVsbG8=', 'hello'],
    ['v1.20', 'v1.20'],
    ['1.20', 1.2],
  ])('%s', (text, expected) => {
    const value = text === '' ? parseYaml(text, { origin }) : parseYaml(`v: ${text}`, { origin });
    expect(value).toEqual(expected === undefined ? undefined : { v: expected });
  });

  it('the last of duplicate keys wins and merge keys are applied', () => {
    expect(parseYaml('a: 1\na: 2\nbase: &b {x: 1, z: 2}\nuse: {<<: *b, z: 3}', { origin })).toEqual({
      a: 2,
      base: { x: 1, z: 2 },
      use: { x: 1, z: 3 },
    });
  });

  it('a number that JSON has no notation for is refused with its place', () => {
    expect(messageOf(() => parseYaml('a: .nan', { origin }))).toContain('apps/web.yaml');
  });
});

describe('documents', () => {
  it('keep their number and line, comments and empty documents are skipped', () => {
    const text = '# head\n---\n# only a comment\n---\nkind: A\n---\n\n\nkind: B\n...\n';
    expect(parseDocuments(text, { origin })).toEqual([
      { value: { kind: 'A' }, document: 2, line: 5 },
      { value: { kind: 'B' }, document: 3, line: 9 },
    ]);
  });

  it('JSON is accepted, also with tabs and with 64-bit integers', () => {
    expect(parseYaml('{\n\t"a": [1, 9007199254740993],\n\t"t": "1234567890123456789"}', { origin })).toEqual({
      a: [1, 9007199254740993n],
      t: '1234567890123456789',
    });
  });

  it('a key named __proto__ is data and changes no prototype', () => {
    const value = parseYaml('__proto__: {polluted: true}\nb: 1', { origin });
    expect(Object.keys(value as object)).toEqual(['__proto__', 'b']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('a syntax error names file, line, column and what to do', () => {
    expect(messageOf(() => parseDocuments('a: 1\nb: [1, 2\nc: 3\n', { origin }))).toMatch(
      /^ManifestGeneration: apps\/web\.yaml:\d+:\d+: not valid YAML: .+ Correct the YAML there/,
    );
  });
});

describe('hostile documents are refused (S12)', () => {
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    .concat(Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]`))
    .join('\n');
  it.each([
    ['an alias bomb', bomb, 'expands to more than'],
    ['an alias that contains itself', 'a: &a [*a]', 'contains itself'],
    ['too many aliases', `a: &a {b: 1}\nl: [${'*a,'.repeat(2000)}]`, 'more than 1000 aliases'],
    ['deep nesting', `${'['.repeat(200)}${']'.repeat(200)}`, 'nested'],
    ['extreme nesting', `a: ${'['.repeat(50_000)}`, 'nesting exceeded'],
  ])('%s', (_name, text, message) => {
    const answer = messageOf(() => parseDocuments(text, { origin }));
    expect(answer).toMatch(/^ManifestGeneration: apps\/web\.yaml/);
    expect(answer).toContain(message);
  });

  it.each([
    ['an alias bomb is one', bomb, 'expands to more than 1000000 nodes'],
    ['an alias that contains itself is one', 'a: &a [*a]', 'has an alias that contains itself'],
    ['ordinary anchors are none', 'a: &a {x: 1}\nb: *a', undefined],
    ['text that is no YAML is none', 'a: &a [*b *c', undefined],
  ])('%s', (_name, text, problem) => expect(yamlBombIn(text)).toEqual(problem));

  it('more bytes or documents than allowed', () => {
    expect(messageOf(() => parseDocuments('ä'.repeat(60), { origin, maxBytes: 100 }))).toContain('larger than 100');
    expect(messageOf(() => parseDocuments('a: 1\n---\nb: 1\n', { origin, maxDocuments: 1 }))).toContain('more than 1');
  });

  it('ordinary anchors stay allowed', () => {
    expect(parseYaml('a: &a {x: 1}\nb: *a', { origin })).toEqual({ a: { x: 1 }, b: { x: 1 } });
  });
});

describe('manifests', () => {
  it.each([
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}', 'apps/web.yaml:1: document 1 has no kind'],
    ['no apiVersion', '---\nkind: ConfigMap', 'apps/web.yaml:2: document 1 has no apiVersion'],
    ['a list of values', '- 1', 'is not a Kubernetes object'],
  ])('%s is refused with its place', (_name, text, message) => {
    expect(messageOf(() => parseManifests(text, { origin }))).toContain(message);
  });

  it('metadata is never null', () => {
    const [manifest] = parseManifests('apiVersion: v1\nkind: ConfigMap\nmetadata:\n', { origin });
    expect(manifest?.object.metadata).toEqual({});
  });

  it('lists are flattened, typed and nested ones too', () => {
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const typed = { apiVersion: 'v1', kind: 'ConfigMapList', metadata: {}, items: [{ metadata: { name: 'b' } }] };
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: [config, typed] };
    expect(flattenLists([list, config])).toEqual([
      config,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
      config,
    ]);
  });

  it('a list with an item that is no object is refused', () => {
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: ['x'] };
    expect(messageOf(() => flattenLists([list], origin))).toContain('item 1 of the List');
  });
});

describe('output', () => {
  it('YAML looks as kubectl prints it: sorted keys, flat lists, quotes where Go would read another type', () => {
    const value = {
      b: ['x', { k: 'yes', n: 9007199254740993n }],
      a: { empty: {}, none: null, skip: undefined, s: '0777' },
    };
    expect(stringifyYaml(value)).toBe(
      "a:\n  empty: {}\n  none: null\n  s: '0777'\nb:\n- x\n- k: 'yes'\n  'n': 9007199254740993\n",
    );
  });

  it('YAML and JSON keep 64-bit integers through a round trip', () => {
    const value = { big: 9223372036854775807n, small: 1, text: 'on', float: 1.5 };
    expect(parseYaml(stringifyYaml(value), { origin })).toEqual(value);
    expect(parseJson(stringifyJson(value))).toEqual(value);
    expect(stringifyJson(value)).toContain('"big":9223372036854775807');
  });

  it('several documents are separated', () => {
    expect(stringifyYamlDocuments([{ a: 1 }, { b: 2 }])).toBe('a: 1\n---\nb: 2\n');
  });
});
