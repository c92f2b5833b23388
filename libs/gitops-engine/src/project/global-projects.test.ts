/** Which global projects count (F08), and what is inherited. */
import type { AppProject, LabelSelector } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { globalProjectsOf, withGlobalProjects, withoutInherited } from './global-projects.js';

function project(
  name: string,
  spec: AppProject['spec'] = {},
  labels: Readonly<Record<string, string>> = {},
): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, labels }, spec };
}

const global = project('global', { sourceRepos: ['https://global'], syncWindows: [{ kind: 'deny' }] });

describe('globalProjectsOf', () => {
  const isInherited = (labelSelector: LabelSelector, labels: Readonly<Record<string, string>>) =>
    globalProjectsOf(project('own', {}, labels), {
      globalProjects: [{ projectName: 'global', labelSelector }],
      get: (name) => (name === 'global' ? global : undefined),
    }).length === 1;
  const expression = (operator: string, values?: string[]) => ({
    matchExpressions: [{ key: 'team', operator, ...(values === undefined ? {} : { values }) }],
  });

  it.each([
    ['an empty selector counts for every project', {}, {}, true],
    ['equal labels count', { matchLabels: { team: 'a' } }, { team: 'a' }, true],
    ['another value does not', { matchLabels: { team: 'a' } }, { team: 'b' }, false],
    ['In takes one of the values', expression('In', ['a', 'b']), { team: 'b' }, true],
    ['In needs the label', expression('In', ['a']), {}, false],
    ['NotIn refuses the values', expression('NotIn', ['a']), { team: 'a' }, false],
    ['NotIn takes a missing label', expression('NotIn', ['a']), {}, true],
    ['Exists needs the label', expression('Exists'), {}, false],
    ['DoesNotExist refuses the label', expression('DoesNotExist'), { team: 'a' }, false],
    ['an operator that nobody knows counts for none', expression('Like', ['a']), { team: 'a' }, false],
  ])('%s', (...[, selector, labels, expected]) => {
    expect(isInherited(selector, labels)).toBe(expected);
  });

  it('leaves out the project itself and projects that do not exist, and names each once', () => {
    const all = ['global', 'missing', 'own', 'global'].map((projectName) => ({ projectName, labelSelector: {} }));
    const own = project('own');
    const get = (name: string) => ({ global, own })[name];
    expect(globalProjectsOf(own, { globalProjects: all, get })).toEqual([global]);
  });
});

describe('withGlobalProjects', () => {
  it('puts the lists of the global projects behind the own ones, each entry once', () => {
    const own = project('own', { sourceRepos: ['https://own', 'https://global'], description: 'kept' });
    expect(withGlobalProjects(own, [global]).spec).toEqual({
      ...{ description: 'kept', sourceRepos: ['https://own', 'https://global'], syncWindows: [{ kind: 'deny' }] },
    });
    expect(withGlobalProjects(own, [])).toBe(own);
  });
});

describe('withoutInherited', () => {
  it('takes inherited entries out again, except those that the stored project has itself', () => {
    const stored = project('own', { sourceRepos: ['https://own'], syncWindows: [{ kind: 'deny' }] });
    const sent = withGlobalProjects(stored, [global]);
    expect(withoutInherited(sent, [global], stored).spec).toEqual(stored.spec);
  });
});
