/** What an ApplicationSet stands for: parameters of its generators in its template (I01-I03, I09, I10, I12, I18). */
import type { ApplicationSet, ApplicationSetSpec } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  type GeneratorSources,
  generateApplications,
  MAX_GENERATED,
  normalizeName,
  unsupportedParts,
} from './index.js';

const sources: GeneratorSources = {
  clusters: [
    { name: 'in-cluster', server: 'https://own', registered: false, labels: {}, annotations: {} },
    {
      ...{ name: 'EU_1', server: 'https://eu', registered: true, project: 'web' },
      ...{ labels: { env: 'prod' }, annotations: { owner: 'ada' } },
    },
    { name: 'us', server: 'https://us', registered: true, labels: { env: 'dev' }, annotations: {} },
  ],
};

const template = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { project: 'default', destination: { namespace: 'x' }, ...spec },
});

function setOf(spec: object): ApplicationSet {
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'ApplicationSet', metadata: { name: 's', namespace: 'argocd' } },
    spec: { generators: [], template: template('{{a}}'), ...spec } as unknown as ApplicationSetSpec,
  };
}

const generate = (spec: object) => generateApplications(setOf(spec), sources);
const namesOf = (spec: object) => generate(spec).map(({ metadata }) => metadata.name);
const list = (...elements: readonly object[]) => ({ list: { elements } });

describe('an application', () => {
  it('is the rendered template in the namespace of the ApplicationSet, with the finalizer', () => {
    const [application] = generate({
      generators: [list({ a: 'one', values: { key: 'team' } })],
      template: {
        metadata: { name: '{{ a }}', namespace: 'elsewhere', labels: { '{{values.key}}': '{{a}}' } },
        spec: { project: 'default', sources: [{ path: '{{a}}/{{unknown}}' }], destination: { namespace: '{{a}}' } },
      },
    });
    expect(application).toEqual({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
      metadata: {
        ...{ name: 'one', namespace: 'argocd', labels: { team: 'one' } },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
      },
      spec: { project: 'default', sources: [{ path: 'one/{{unknown}}' }], destination: { namespace: 'one' } },
    });
  });

  it.each([
    ['has no finalizer when resources are preserved', { syncPolicy: { preserveResourcesOnDeletion: true } }, undefined],
    [
      'keeps the finalizers of the template',
      { template: { ...template('a'), metadata: { finalizers: ['f'] } } },
      ['f'],
    ],
  ])('%s', (_, spec, finalizers) => {
    expect(generate({ generators: [list({ a: 'one' })], ...spec })[0]?.metadata.finalizers).toEqual(finalizers);
  });

  it('takes what the template of its generator leaves open from that of the ApplicationSet', () => {
    const own = { metadata: {}, spec: { project: '', destination: { server: 'https://{{a}}' } } };
    const [application] = generate({ generators: [{ list: { elements: [{ a: 'one' }], template: own } }] });
    expect([application?.metadata.name, application?.spec]).toEqual([
      'one',
      { project: 'default', destination: { namespace: 'x', server: 'https://one' } },
    ]);
  });

  it('is not made of placeholders that a parameter brings along', () => {
    expect(namesOf({ generators: [list({ a: '{{b}}', b: 'secret' })] })).toEqual(['{{b}}']);
  });
});

describe('parameters', () => {
  const named = (name: string, generators: readonly object[]) => ({ generators, template: template(name) });
  const matrix = (...generators: readonly object[]) => ({ matrix: { generators } });
  const merge = (mergeKeys: readonly string[], ...generators: readonly object[]) => ({
    merge: { mergeKeys, generators },
  });
  const onlyOne = { matchLabels: { a: '1' } };

  it.each([
    [
      'of a list as YAML follow its elements',
      named('{{a}}', [{ list: { elements: [{ a: '1' }], elementsYaml: '- a: "2"' } }]),
      ['1', '2'],
    ],
    ['of several generators follow each other', named('{{a}}', [list({ a: '1' }), list({ a: '2' })]), ['1', '2']],
    [
      'are filtered by the selector of their generator',
      named('{{a}}', [{ ...list({ a: '1' }, { a: '2' }), selector: onlyOne }]),
      ['1'],
    ],
    [
      'of clusters hold name, server and project',
      named('{{nameNormalized}} {{server}} {{project}}', [{ clusters: {} }]),
      ['in-cluster https://own ', 'eu-1 https://eu web', 'us https://us '],
    ],
    [
      'of clusters leave the own one out when labels are asked for',
      named('{{name}}', [{ clusters: { selector: { matchLabels: { env: 'prod' } } } }]),
      ['EU_1'],
    ],
    [
      'of clusters hold labels, annotations and values',
      named('{{metadata.labels.env}} {{metadata.annotations.owner}} {{values.v}}', [
        { clusters: { selector: { matchLabels: { env: 'prod' } }, values: { v: 'at {{server}}' } } },
      ]),
      ['prod ada at https://eu'],
    ],
    [
      'of a matrix are every pair',
      named('{{a}}{{b}}', [matrix(list({ a: '1' }, { a: '2' }), list({ b: 'x' }, { b: 'y' }))]),
      ['1x', '1y', '2x', '2y'],
    ],
    [
      'of the second generator of a matrix may use the first',
      named('{{b}}', [matrix(list({ a: '1' }), list({ b: 'from {{a}}' }))]),
      ['from 1'],
    ],
    [
      'of a matrix in a matrix are every triple',
      named('{{a}}{{b}}{{c}}', [matrix(list({ a: '1' }), matrix(list({ b: 'x' }), list({ c: 'p' }, { c: 'q' })))]),
      ['1xp', '1xq'],
    ],
    [
      'of a merge are laid over those with equal keys',
      named('{{a}} {{b}}', [
        merge(
          ['a'],
          list({ a: '1', b: 'base' }, { a: '2', b: 'base' }),
          list({ a: '2', b: 'other' }, { a: '3', b: 'lost' }),
        ),
      ]),
      ['1 base', '2 other'],
    ],
  ])('%s', (_, spec, names) => {
    expect(namesOf(spec)).toEqual(names);
  });

  it.each([
    [undefined, ['1x', '2x']],
    [true, ['1x']],
  ])('selectors of nested generators with applyNestedSelectors %s', (applyNestedSelectors, names) => {
    const inner = matrix({ ...list({ a: '1' }, { a: '2' }), selector: onlyOne }, list({ b: 'x' }));
    const spec = named('{{a}}{{b}}', [matrix(list({ c: '1' }), inner)]);
    expect(namesOf({ ...spec, applyNestedSelectors })).toEqual(names);
  });

  it.each([
    ['a matrix of three', [matrix(list(), list(), list())], /a matrix needs two generators, not 3/],
    [
      'a matrix that contradicts itself',
      [matrix(list({ a: '1' }), list({ a: '2' }))],
      /both generators of a matrix set a/,
    ],
    ['a merge of one', [merge(['a'], list())], /a merge needs at least two generators, not 1/],
    ['a merge without keys', [merge([], list(), list())], /a merge needs mergeKeys/],
    ['a merge with a key twice', [merge(['a'], list(), list({ a: '1' }, { a: '1' }))], /have the merge keys \["1"\]/],
    ['a number in a list', [list({ a: 1 })], /a of a list element is not a text/],
    ['values that are no object', [list({ values: 'x' })], /values of a list element must be an object/],
    ['elements that are not YAML', [{ list: { elementsYaml: '{' } }], /list.elementsYaml:2:1: not valid YAML/],
    ['elements that are no list', [{ list: { elementsYaml: 'a: b' } }], /must be a YAML list of objects/],
    ['an empty generator', [{}], /a generator is empty/],
  ])('of %s are an error', (_, generators, message) => {
    expect(() => generate({ generators })).toThrow(
      expect.objectContaining({ code: 'InvalidSpec', message: expect.stringMatching(message) as string }),
    );
  });

  it('of a matrix of two long lists are an error before they fill the memory', () => {
    const long = (key: string) => list(...Array.from({ length: MAX_GENERATED }, (_, index) => ({ [key]: `${index}` })));
    expect(() => generate({ generators: [matrix(long('a'), long('b'))] })).toThrow(/more than 10000 applications/);
  });
});

describe('what is not evaluated', () => {
  it('is named, also inside a matrix, and each once', () => {
    const git = { git: { repoURL: 'r', revision: 'main' } };
    const generators = [git, { matrix: { generators: [git, { clusters: { flatList: true } }] } }, list({ a: '1' })];
    const { spec } = setOf({ goTemplate: true, templatePatch: 'a: b', generators });
    expect(unsupportedParts(spec)).toEqual([
      'goTemplate',
      'templatePatch',
      'the clusters (flatList) generator',
      'the git generator',
    ]);
    expect(unsupportedParts(setOf({ generators: [list({ a: '1' })] }).spec)).toEqual([]);
  });
});

describe('normalizeName', () => {
  it.each([
    ['EU_west/1', 'eu-west-1'],
    ['-.a.-', 'a'],
    ['x'.repeat(300), 'x'.repeat(253)],
  ])('%s is %s', (name, normalized) => {
    expect(normalizeName(name)).toBe(normalized);
  });
});
