import { ANNOTATIONS } from '@tiphys/model';
import { expect, it } from 'vitest';
import type { RenderedManifests } from '../ports.js';
import { application, configMap, SETTINGS, specOf, stored } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { fixedManifests } from '../testing/recording-ports.js';
import { type FingerprintInputs, fingerprintOf } from './skip-equal.js';

function inputs(rendered: Partial<RenderedManifests> = {}): FingerprintInputs {
  const answer = fixedManifests(rendered).answer as RenderedManifests;
  return {
    rendered: answer,
    cluster: memoryCluster(stored(configMap('a'))).destination,
    settings: SETTINGS,
    namespace: 'argocd',
    orphans: [],
  };
}
const unreadable = memoryCluster(stored(configMap('a')));
unreadable.unreadable.set('/ConfigMap', 'forbidden');

it.each([
  {
    name: 'the commit alone changes nothing',
    app: application(),
    given: inputs({ revisions: ['other'] }),
    equal: true,
  },
  {
    name: 'our own status write changes nothing',
    app: application({ status: { observedAt: 'x' } }),
    given: inputs(),
    equal: true,
  },
  { name: 'other manifests', app: application(), given: inputs({ manifestHash: 'hash-2' }), equal: false },
  { name: 'another spec', app: application({ spec: specOf({ project: 'x' }) }), given: inputs(), equal: false },
  {
    name: 'an application of the same name that was created anew',
    app: application({ metadata: { uid: 'uid-2' } }),
    given: inputs(),
    equal: false,
  },
  {
    name: 'other compare options (C03)',
    app: application({ metadata: { annotations: { [ANNOTATIONS.compareOptions]: 'ServerSideDiff=true' } } }),
    given: inputs(),
    equal: false,
  },
  {
    name: 'other settings',
    app: application(),
    given: { ...inputs(), settings: { ...SETTINGS, fingerprint: 's2' } },
    equal: false,
  },
  {
    name: 'a changed live object',
    app: application(),
    given: { ...inputs(), cluster: memoryCluster(stored(configMap('a'), '8')).destination },
    equal: false,
  },
  {
    name: 'another cluster',
    app: application(),
    given: { ...inputs(), cluster: { ...inputs().cluster, server: 'https://other' } },
    equal: false,
  },
  {
    name: 'a kind that cannot be read any more (R16)',
    app: application(),
    given: { ...inputs(), cluster: unreadable.destination },
    equal: false,
  },
  {
    name: 'an orphaned resource (C18)',
    app: application(),
    given: { ...inputs(), orphans: [{ uid: 'left' }] },
    equal: false,
  },
])('$name: equal is $equal', ({ app, given, equal }) => {
  expect(fingerprintOf(app, given) === fingerprintOf(application(), inputs())).toBe(equal);
});
