import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.js';

const secret = (data: Record<string, string>, annotations: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', annotations },
  data,
});

describe('maskSecrets (C15)', () => {
  it('gives equal values equal runs and different values runs of different lengths', () => {
    const { target, live } = maskSecrets({
      target: secret({ a: 'c2FtZQ==', b: 'b25l' }),
      live: secret({ a: 'c2FtZQ==', b: 'dHdv' }),
    });
    expect(target?.['data']).toEqual({ a: '++++++++', b: '++++++++' });
    expect(live?.['data']).toEqual({ a: '++++++++', b: '+++++++++' });
  });
  it('says nothing about the real length', () => {
    const { live } = maskSecrets({ live: secret({ short: 'YQ==', long: 'YQ=='.repeat(500) }) });
    expect(live?.['data']).toEqual({ short: '++++++++', long: '++++++++' });
  });
  it('takes stringData for the data that it becomes', () => {
    const target = { ...secret({}), stringData: { a: 'same' } };
    const masked = maskSecrets({ target, live: secret({ a: 'c2FtZQ==' }) });
    expect([masked.target?.['stringData'], masked.live?.['data']]).toEqual([{ a: '++++++++' }, { a: '++++++++' }]);
  });
  it('masks the last-applied annotation and those that the settings name', () => {
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"YQ=="}}',
      token: 'x',
      plain: 'y',
    };
    const { live } = maskSecrets({ live: secret({ a: 'YQ==' }, annotations) }, ['token']);
    expect(JSON.stringify(live)).not.toContain('YQ==');
    expect(live?.metadata.annotations).toMatchObject({ token: '++++++++', plain: 'y' });
  });
  it('leaves other kinds alone, and absent sides absent', () => {
    const map: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { a: 'b' } };
    const custom: KubernetesObject = { apiVersion: 'x.io/v1', kind: 'Secret', metadata: {}, data: { a: 'b' } };
    expect(maskSecrets({ target: map, live: custom, predicted: undefined })).toEqual({
      target: map,
      live: custom,
      predicted: undefined,
    });
  });
});
