import { describe, expect, it } from 'vitest';
import { sharedControlPlane, sharedRedis } from './shared.js';

describe('sharedControlPlane', () => {
  it('is the same one for everybody who asks, with a namespace for each', async () => {
    const [one, two] = await Promise.all([sharedControlPlane(), sharedControlPlane()]);
    expect(two.server).toBe(one.server);
    const names = await Promise.all([one.createNamespace('shared'), two.createNamespace('shared')]);
    expect(new Set(names).size).toBe(2);
    expect(await one.client('admin').find(`/api/v1/namespaces/${names[1]}`)).toBeDefined();
  });
});

describe('sharedRedis', () => {
  it('is the same one for everybody who asks', async () => {
    const [one, two] = await Promise.all([sharedRedis(), sharedRedis()]);
    const key = `${one.keyPrefix('test')}key`;
    await one.command('SET', key, 'value');
    expect(await two.command('STRLEN', key)).toBe('5');
  });
});
