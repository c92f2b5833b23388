import { create } from '@bufbuild/protobuf';
import { SourceIntegritySchema } from '@tiphys/proto';
import { describe, expect, it } from 'vitest';
import { policyFor } from './source-integrity.js';

const integrity = (...policies: readonly (readonly [repos: string[], mode: string])[]) =>
  create(SourceIntegritySchema, {
    gitPolicies: policies.map(([repos, mode], index) => ({ repos, mode, keys: [`key-${index}`] })),
    gpgKeys: ['armored'],
  });

describe('the policy for a repository (F06)', () => {
  const url = 'https://git.example.com/team/app.git';
  it.each([
    ['nothing matches', integrity([['https://other/*'], 'head']), undefined],
    ['* matches across slashes', integrity([['https://git.example.com/*'], 'head']), 'key-0'],
    ['case and .git do not matter', integrity([['HTTPS://GIT.example.com/team/APP'], 'strict']), 'key-0'],
    ['the first that matches decides', integrity([['*/app'], 'strict'], [['*'], 'head']), 'key-0'],
    [
      'one that leaves the repository out is passed over',
      integrity([['*', '!*/app'], 'strict'], [['*'], 'head']),
      'key-1',
    ],
    ['none: nothing is verified, and no other is asked', integrity([['*'], 'none'], [['*'], 'strict']), undefined],
  ])('%s', (_, subject, expected) => expect(policyFor(subject, url)?.keys[0]).toBe(expected));

  it('carries mode and keys; a mode that nobody knows is refused, not ignored', () => {
    expect(policyFor(integrity([['*'], 'strict']), url)).toEqual({
      ...{ mode: 'strict', keys: ['key-0'], gpgKeys: ['armored'], sshAllowedSigners: '' },
    });
    expect(() => policyFor(integrity([['*'], 'loose']), url)).toThrow(/mode "loose"/);
  });
});
