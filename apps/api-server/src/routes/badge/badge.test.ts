/** A41: every parameter of Argo CD's badge. */
import type { Application, KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { applicationEntry, createApplicationStore } from '../../applications/store.js';
import { type BadgeFacts, renderBadge } from './badge.js';
import { type BadgeQuery, badgeFacts } from './facts.js';

const SHA = 'c0ffee0123456789abcdef0123456789abcdef01';
const OTHER = 'beef000123456789abcdef0123456789abcdef01';

function entry(
  name: string,
  parts: { readonly namespace?: string; readonly project?: string; readonly status?: object },
) {
  const { namespace = 'argocd', project = 'default', status } = parts;
  return applicationEntry({
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name, namespace, resourceVersion: '1' },
    spec: { project, destination: {}, source: { repoURL: 'https://x/y', path: '.' } },
    ...(status === undefined ? {} : { status }),
  } as unknown as KubernetesObject);
}

const status = (health: string, sync: string, more: Partial<NonNullable<Application['status']>> = {}) => ({
  ...{ health: { status: health }, sync: { status: sync, revision: OTHER } },
  ...more,
});
const deployed = (syncResult: object) => ({ operationState: { syncResult } }) as never;

const store = createApplicationStore();
for (const application of [
  entry('web', { status: status('Healthy', 'Synced', deployed({ revision: SHA })) }),
  entry('several', { status: status('Progressing', 'OutOfSync', deployed({ revision: '', revisions: [SHA, OTHER] })) }),
  entry('compared', { project: 'shop', status: status('Healthy', 'Synced') }),
  entry('new', { project: 'fresh' }),
  entry('sick', { project: 'clinic', status: status('Missing', 'OutOfSync') }),
  entry('web', { namespace: 'team', project: 'shop', status: status('Degraded', 'Synced') }),
]) {
  store.put(application);
}
const facts = (query: BadgeQuery, enabled = true) => badgeFacts({ namespace: 'argocd', store, enabled }, query);
const UNKNOWN = { health: 'Unknown', sync: 'Unknown' } as const;
const HEALTHY = { health: 'Healthy', sync: 'Synced' } as const;

describe('what a badge shows', () => {
  it.each<[string, BadgeQuery, BadgeFacts]>([
    ['an application', { name: 'web' }, HEALTHY],
    ['one in another namespace', { name: 'web', namespace: 'team' }, { health: 'Degraded', sync: 'Synced' }],
    [
      'the same by the name that other routes have',
      { name: 'web', appNamespace: 'team' },
      { health: 'Degraded', sync: 'Synced' },
    ],
    ['one that was not compared yet', { name: 'new' }, UNKNOWN],
    ['none', { name: 'nobody' }, { health: 'Not Found', sync: undefined }],
    [
      'none in a namespace that is not served',
      { name: 'web', namespace: 'elsewhere' },
      { health: 'Not Found', sync: undefined },
    ],
    ['nothing that was asked for', {}, UNKNOWN],
    ['a project', { project: 'shop' }, HEALTHY],
    ['a project of another namespace', { project: 'shop', namespace: 'team' }, { health: 'Degraded', sync: 'Synced' }],
    ['several projects', { project: ['shop', 'clinic'] }, { health: 'Degraded', sync: 'OutOfSync' }],
    [
      'a project with an application that was not compared',
      { project: ['fresh'] },
      { health: 'Degraded', sync: 'OutOfSync' },
    ],
    ['a project without applications', { project: 'nobody' }, UNKNOWN],
    ['the deployed commit', { name: 'web', revision: 'true' }, { ...HEALTHY, revision: SHA.slice(0, 7) }],
    [
      'of several sources the first',
      { name: 'several', revision: 'TRUE' },
      { health: 'Progressing', sync: 'OutOfSync', revision: SHA.slice(0, 7) },
    ],
    [
      'the compared commit before a sync',
      { name: 'compared', revision: 'true' },
      { ...HEALTHY, revision: OTHER.slice(0, 7) },
    ],
    ['the whole commit', { name: 'web', revision: 'true', keepFullRevision: 'true' }, { ...HEALTHY, revision: SHA }],
    ['no commit unless told so', { name: 'web', revision: 'yes', keepFullRevision: 'true' }, HEALTHY],
    ['the name', { name: 'web', showAppName: 'true' }, { ...HEALTHY, title: 'web' }],
    ['a width', { name: 'web', width: '500' }, { ...HEALTHY, width: 500 }],
    ['the first of several values', { name: ['web', 'new'], width: ['1', '2'] }, { ...HEALTHY, width: 1 }],
  ])('%s', (_, query, expected) => {
    expect(facts(query)).toEqual(expected);
  });

  it.each(['0', '-1', '1.5', 'wide', '10001', '1e99'])('%s is no width, and left out', (width) => {
    expect(facts({ name: 'web', width })).toEqual(HEALTHY);
  });

  it.each([
    { name: '"><script>' },
    { name: 'x'.repeat(254) },
    { name: 'web', namespace: 'kube()system' },
    { project: ['shop', 'a b'] },
  ])('%j is refused', (query) => {
    expect(() => facts(query)).toThrow(expect.objectContaining({ kind: 'invalidArgument' }));
  });

  it('while badges are switched off every question has the same answer', () => {
    for (const query of [{ name: 'web', revision: 'true', width: '5' }, { name: '"><script>' }, { project: 'shop' }]) {
      expect(facts(query, false)).toEqual(UNKNOWN);
    }
  });
});

describe('the image', () => {
  const sizeOf = (shown: BadgeFacts) =>
    /^<svg width="(\d+)" height="(\d+)"/.exec(renderBadge(shown))?.slice(1).map(Number);
  const healthy = { health: 'Healthy', sync: 'Synced' } as const;

  it.each<[string, BadgeFacts, readonly number[]]>([
    ['two states', healthy, [131, 20]],
    ['a short commit', { ...healthy, revision: SHA.slice(0, 7) }, [192, 20]],
    ['a whole commit', { ...healthy, revision: SHA }, [400, 20]],
    ['a name', { ...healthy, title: 'web' }, [131, 40]],
    ['a long name', { ...healthy, title: 'x'.repeat(40) }, [240, 40]],
    ['a width', { ...healthy, width: 500 }, [500, 20]],
    ['a small width', { ...healthy, revision: SHA, width: 10 }, [10, 20]],
  ])('with %s has the size of Argo CD\u2019s', (_, shown, expected) => {
    expect(sizeOf(shown)).toEqual(expected);
  });

  it('has the texts, colours and ids that readers of Argo CD\u2019s know', () => {
    const image = renderBadge({ health: 'Progressing', sync: 'OutOfSync', revision: 'c0ffee0', title: 'web' });
    expect(image).toMatch(/id="leftRect" fill="#0dadea".*id="leftText"[^>]*>Progressing</);
    expect(image).toMatch(/id="rightRect" fill="#f4c030".*id="rightText"[^>]*>OutOfSync</);
    expect(image).toMatch(/id="revisionText"[^>]*>\(c0ffee0\)</);
    expect(image).toMatch(/id="titleText"[^>]*>web</);
    expect(renderBadge({ health: 'Not Found', sync: undefined })).toMatch(
      /id="leftText"[^>]*>Not Found<.*id="rightText"[^>]*></,
    );
  });

  it('no text is markup (S24)', () => {
    const image = renderBadge({ health: 'Healthy', sync: 'Synced', revision: '</text><script>', title: '"&\'' });
    expect(image).not.toMatch(/<script>|"&'/);
    expect(image).toContain('&lt;script&gt;');
  });
});
