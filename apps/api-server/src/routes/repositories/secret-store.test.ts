import { describe, expect, it } from 'vitest';
import { withoutPassword } from './bodies.js';
import { differingKeys } from './secret-data.js';
import { secretName } from './secret-store.js';

describe('names of Secrets', () => {
  it.each([
    ['git://git@github.com:argoproj/ARGO-cd.git', '', 'repo-83273445'],
    ['git://git@github.com:argoproj/ARGO-cd.git', 'foobar', 'repo-2733415816'],
    ['https://github.com/argoproj/ARGO-cd', '', 'repo-1890113693'],
    ['https://github.com/argoproj/argo-cd', '', 'repo-42374749'],
    ['ssh://git@github.com/argoproj/argo-cd.git', '', 'repo-3569564120'],
  ])('of %s in project "%s" are those of Argo CD: %s', (url, project, name) => {
    expect(secretName('repo', url, project)).toBe(name);
  });
});

describe('two Secrets', () => {
  it.each([
    ['without a type and with git', [{}, { type: 'git' }], []],
    ['with absent, empty, false and 0', [{ insecure: 'false', depth: '0', name: '' }, {}], []],
    ['with another password', [{ password: 'a' }, { password: 'b' }], ['password']],
    ['with keys that nobody knows', [{ custom: 'a' }, {}], []],
    ['where one has more', [{ username: 'a' }, { username: 'a', insecure: 'true' }], ['insecure']],
  ])('%s differ in the right keys', (_, [left = {}, right = {}], keys) => {
    expect(differingKeys(left, right)).toEqual(keys);
  });
});

describe('addresses in answers (S21)', () => {
  it.each([
    ['https://me:s3cret@host/a', 'https://me:***@host/a'],
    ['https://me:s3:cr@et@host/a', 'https://me:***@host/a'],
    ['https://:s3cret@host/a', 'https://:***@host/a'],
    ['ssh://git@host:22/a', 'ssh://git@host:22/a'],
    ['git@host:a/b', 'git@host:a/b'],
    ['https://host:8443/a@b', 'https://host:8443/a@b'],
  ])('%s is shown as %s', (url, shown) => {
    expect(withoutPassword(url)).toBe(shown);
  });
});
