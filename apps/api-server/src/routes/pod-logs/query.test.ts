import type { PodLogsQuery } from '@tiphys/api-contract';
import { describe, expect, it } from 'vitest';
import { messageLine } from './lines.js';
import { selectPods } from './pods.js';
import { parseLogsQuery } from './query.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const line = (content: string) => messageLine('web', content, NOW);

describe('parseLogsQuery', () => {
  it.each<[string, PodLogsQuery, string]>([
    ['nothing', {}, 'timestamps=true'],
    ['a container', { container: 'c' }, 'container=c&timestamps=true'],
    ['follow and previous', { follow: true, previous: true }, 'follow=true&previous=true&timestamps=true'],
    ['false flags', { follow: false, previous: false }, 'timestamps=true'],
    [
      'numbers as protobuf writes them',
      { sinceSeconds: '30', tailLines: '5' },
      'timestamps=true&sinceSeconds=30&tailLines=5',
    ],
    ['zero, which means all', { sinceSeconds: 0, tailLines: 0 }, 'timestamps=true'],
    [
      'seconds of a time',
      { 'sinceTime.seconds': '1767225600', 'sinceTime.nanos': 5 },
      'timestamps=true&sinceTime=2026-01-01T00%3A00%3A00Z',
    ],
    ['a time', { sinceTime: '2026-01-01T00:00:00Z' }, 'timestamps=true&sinceTime=2026-01-01T00%3A00%3A00Z'],
  ])('asks the kubelet for %s', (_name, query, expected) => {
    expect(parseLogsQuery(query).parameters).toBe(expected);
  });

  it.each<[string, PodLogsQuery, RegExp]>([
    ['two beginnings', { sinceSeconds: 3, sinceTime: '2026-01-01T00:00:00Z' }, /not both/],
    ['a beginning that is no time', { sinceTime: 'yesterday' }, /invalid sinceTime "yesterday"/],
    ['an end that is no time', { untilTime: '2026-01-01' }, /invalid untilTime "2026-01-01"/],
    ['a time beyond all calendars', { 'sinceTime.seconds': '9007199254740991' }, /invalid sinceTime.seconds/],
    ['too many lines', { tailLines: '99999999999999999999' }, /whole number/],
  ])('refuses %s', (_name, query, message) => {
    expect(() => parseLogsQuery(query)).toThrow(message);
  });

  it.each<[PodLogsQuery, string, boolean]>([
    [{}, 'anything', true],
    [{ filter: 'Err' }, 'an error', true],
    [{ filter: 'err' }, 'AN ERROR', true],
    [{ filter: 'Err', matchCase: true }, 'an error', false],
    [{ filter: 'err', matchCase: true }, 'an error', true],
    [{ filter: 'err' }, 'all well', false],
    [{ filter: '!err' }, 'all well', true],
    [{ filter: '!err' }, 'an error', false],
    [{ filter: '.*' }, 'no pattern', false],
  ])('with %j a line "%s" is shown: %s', (query, content, expected) => {
    expect(parseLogsQuery(query).shows(line(content))).toBe(expected);
  });

  it('ends after untilTime', () => {
    const { isLate } = parseLogsQuery({ untilTime: '2026-01-01T00:00:00Z' });
    expect([isLate(line('now')), isLate(messageLine('web', 'later', new Date(NOW.getTime() + 1)))]).toEqual([
      false,
      true,
    ]);
    expect(parseLogsQuery({}).isLate(line('now'))).toBe(false);
  });

  it('takes the pod of the path before what the query names', () => {
    const { selection } = parseLogsQuery(
      { kind: 'Deployment', group: 'apps', resourceName: 'web', namespace: 'n' },
      'p',
    );
    expect(selection).toEqual({ group: '', kind: 'Pod', name: 'p', namespace: 'n' });
  });
});

describe('selectPods', () => {
  const ref = (path: string) => {
    const [group = '', kind = '', name = ''] = path.split('/');
    return { group, kind, name, namespace: 'n', uid: name };
  };
  const node = (path: string, ...owners: readonly string[]) => ({ ...ref(path), parentRefs: owners.map(ref) });
  const nodes = [
    node('apps/Deployment/web'),
    node('apps/ReplicaSet/web-1', 'apps/Deployment/web'),
    node('/Pod/web-1-a', 'apps/ReplicaSet/web-1'),
    node('/Pod/web-1-b', 'apps/ReplicaSet/web-1'),
    node('/Pod/alone'),
    { ...node('/Pod/only-in-git'), uid: '' },
    node('x/A/one', 'x/A/two'),
    node('x/A/two', 'x/A/one'),
    node('/Pod/circle', 'x/A/one'),
  ];
  const all = { group: '', kind: '', namespace: '', name: '' };

  it.each([
    ['all live pods of the application', {}, ['web-1-a', 'web-1-b', 'alone', 'circle']],
    ['the pods of a Deployment', { group: 'apps', kind: 'Deployment', name: 'web' }, ['web-1-a', 'web-1-b']],
    ['the pods of a ReplicaSet', { kind: 'ReplicaSet', name: 'web-1', namespace: 'n' }, ['web-1-a', 'web-1-b']],
    ['one pod', { kind: 'Pod', name: 'alone' }, ['alone']],
    ['no pod of another namespace', { kind: 'Pod', name: 'alone', namespace: 'other' }, []],
    ['no pod that is not in the tree', { kind: 'Pod', name: 'secret' }, []],
    ['what owners in a circle have', { kind: 'A', name: 'two' }, ['circle']],
  ])('finds %s', (_name, selection, expected) => {
    expect(selectPods(nodes, { ...all, ...selection }).map(({ name }) => name)).toEqual(expected);
  });
});
