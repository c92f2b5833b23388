import { describe, expect, it } from 'vitest';
import { announcedRevisionKey, isOvertaken, parseAnnouncedRevision } from './announced-revision.js';

const REPO = 'https://git.example.com/org/repo';

describe('the key of an announced revision', () => {
  it.each([
    ['another spelling of the address', { repoURL: 'https://user:secret@git.example.com/Org/repo.git' }],
    ['no revision, which is HEAD', { repoURL: REPO, targetRevision: '' }],
  ])('is the same for %s', (_, source) => {
    expect(announcedRevisionKey(source)).toBe(announcedRevisionKey({ repoURL: REPO, targetRevision: 'HEAD' }));
    expect(announcedRevisionKey(source)).not.toContain('secret');
  });

  it('is another one for another revision, chart, tag prefix or repository', () => {
    const sources = [
      { repoURL: REPO },
      { repoURL: REPO, targetRevision: 'main' },
      { repoURL: REPO, chart: 'web' },
      { repoURL: REPO, tagPrefix: 'web/' },
      { repoURL: `${REPO}2` },
    ];
    expect(new Set(sources.map(announcedRevisionKey)).size).toBe(sources.length);
  });
});

describe('parseAnnouncedRevision', () => {
  it.each([
    { before: 'a', after: ['b', 'c'], at: 1, uncertain: true },
    { after: ['b'], at: 1 },
  ])('reads what was written', (value) => {
    expect(parseAnnouncedRevision(JSON.parse(JSON.stringify(value)))).toEqual(value);
  });

  it.each([null, 'x', {}, { after: [], at: 1 }, { after: [1], at: 1 }, { after: 'b', at: 1 }, { after: ['b'] }])(
    'nothing in %j',
    (value) => {
      expect(parseAnnouncedRevision(value)).toBeUndefined();
    },
  );
});

describe('deliveries that overtake each other', () => {
  const held = { before: 'b', after: ['c'], at: 1 };
  it.each([
    ['the push before is late', { before: 'a', after: ['b'], at: 2 }, true],
    ['a new branch before it', { after: ['b'], at: 2 }, true],
    ['the next push is not', { before: 'c', after: ['d'], at: 2 }, false],
    ['nor is one that moves the ref back', { before: 'c', after: ['b'], at: 2 }, false],
    ['nor the same one again', { before: 'b', after: ['c'], at: 2 }, false],
    ['nor one that has nothing to do with it', { before: 'x', after: ['y'], at: 2 }, false],
  ])('%s', (_, late, expected) => {
    expect(isOvertaken(late, held)).toBe(expected);
  });

  it('nothing is late while what was before is not known', () => {
    expect(isOvertaken({ before: 'a', after: ['b'], at: 2 }, { after: ['c'], at: 1 })).toBe(false);
  });
});
