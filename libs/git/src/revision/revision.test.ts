import { describe, expect, it } from 'vitest';
import { answerQuestion, peelRefs, type RefListing } from './answer.js';
import { isRefName, parseRevision, questionKey } from './question.js';

describe('parseRevision (A07)', () => {
  it.each([
    ['', 'head'],
    ['HEAD', 'head'],
    ['a'.repeat(40), 'commit'],
    ['A'.repeat(40), 'commit'],
    ['main', 'name'],
    ['abc1234', 'name'],
    ['v1.2', 'name'],
    ['1.2.3', 'name'],
    ['refs/pull/1/head', 'name'],
    ['^1.2', 'range'],
    ['1.x', 'range'],
    ['>=1.0, <2.0', 'range'],
    ['*', 'range'],
  ])('reads "%s" as %s', (text, kind) => {
    expect(parseRevision(text).kind).toBe(kind);
  });

  it('tries the full name, then branches, then tags', () => {
    expect(parseRevision('refs/pr')).toMatchObject({ refs: ['refs/pr', 'refs/heads/refs/pr', 'refs/tags/refs/pr'] });
    expect(parseRevision('dev')).toMatchObject({ refs: ['refs/heads/dev', 'refs/tags/dev'] });
  });

  it('gives different questions different keys', () => {
    const questions = [
      parseRevision(''),
      parseRevision('x'),
      parseRevision('^1'),
      parseRevision('^1', 'p'),
      parseRevision('b'.repeat(40)),
    ];
    expect(new Set(questions.map(questionKey)).size).toBe(questions.length);
  });

  it.each([
    'a..b',
    '-x',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a[',
    'a\\b',
    '@',
    'a@{1}',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.',
    'a\u0000',
  ])('S9 "%s" is no ref name', (name) => expect(isRefName(name)).toBe(false));
});

describe('answerQuestion', () => {
  const listing: RefListing = {
    headRef: 'refs/heads/main',
    refs: peelRefs([
      { name: 'HEAD', oid: 'h' },
      { name: 'refs/heads/main', oid: 'm' },
      { name: 'refs/heads/v1', oid: 'b' },
      { name: 'refs/tags/v1', oid: 'object' },
      { name: 'refs/tags/v1^{}', oid: 'peeled' },
    ]),
  };
  it.each([
    ['HEAD', { commit: 'm', ref: 'refs/heads/main' }],
    ['v1', { commit: 'b', ref: 'refs/heads/v1' }],
    ['refs/tags/v1', { commit: 'peeled', ref: 'refs/tags/v1', tag: 'object' }],
    ['gone', undefined],
  ])('%s', (text, expected) => {
    expect(answerQuestion(parseRevision(text), listing)).toEqual(expected);
  });

  it('a host without symref of HEAD still has one', () => {
    expect(answerQuestion({ kind: 'head' }, { ...listing, headRef: undefined })).toEqual({ commit: 'h', ref: 'HEAD' });
  });
});
