import type { Cluster } from '@tiphys/settings';
import { describe, expect, it } from 'vitest';
import type { SettingsSnapshot } from './adapters/settings-source.js';
import { knownClusters } from './destination-caches.js';

const REFRESH = 'argocd.argoproj.io/refresh';

/** Of a cluster with this Secret. */
function versionOf(data: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>> = {}) {
  const cluster = { secretName: 'prod', server: 'https://prod', name: 'prod', skipReconcile: false, annotations };
  const clusters = [cluster as unknown as Cluster];
  const secrets = new Map([['prod', { name: 'prod', data }]]);
  const [known] = knownClusters({ clusters, secrets } as unknown as SettingsSnapshot);
  return known?.version;
}

describe('the version of a cluster, by which its cache lives', () => {
  it('is the same for the same connection, whatever else is noted on the Secret', () => {
    expect(versionOf({ config: 'a' }, { note: 'x' })).toBe(versionOf({ config: 'a' }));
  });

  it('changes with the connection', () => {
    expect(versionOf({ config: 'b' })).not.toBe(versionOf({ config: 'a' }));
  });

  it('changes with each request to read the cluster anew (H10)', () => {
    const [first, second] = ['2026-11-30T10:00:00Z', '2026-11-30T10:00:01Z'];
    const versions = [{}, { [REFRESH]: first }, { [REFRESH]: second }].map((noted) =>
      versionOf({ config: 'a' }, noted),
    );
    expect(new Set(versions).size).toBe(3);
  });
});
