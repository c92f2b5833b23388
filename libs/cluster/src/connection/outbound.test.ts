/** S26: servers that a cluster Secret may name. */
import { describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import { connectionFromClusterSecret } from './cluster-secret.js';

const outbound = { allowLoopback: false };
const connection = (server: string, config = {}) =>
  connectionFromClusterSecret({ name: 'a', server, config }, { outbound });

describe('the server of a cluster Secret (S26)', () => {
  it.each(['https://127.0.0.1:6443', 'https://169.254.169.254', 'https://[::1]', 'https://0x7f.1'])(
    '%s is refused',
    async (server) => {
      await expect(connection(server)).rejects.toThrow(/is not asked/);
    },
  );

  it('a name that leads to this machine is refused when it is connected to', async () => {
    const client = createKubeClient(await connection('https://localhost:1'));
    await expect(client.request('GET', '/version', { signal: AbortSignal.timeout(10_000) })).rejects.toThrow(
      /is not asked/,
    );
    await client.close();
  });

  it('a proxy at such an address is refused, too', async () => {
    await expect(connection('https://prod.example.com', { proxyUrl: 'http://169.254.169.254:80' })).rejects.toThrow(
      /is not asked/,
    );
  });

  it.each(['https://10.0.0.1:6443', 'https://kubernetes.default.svc'])('%s may be used', async (server) => {
    expect(await connection(server)).toMatchObject({ server });
  });
});
