import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.js';
import { removeDirectory, temporaryDirectory } from './process.js';

const directory = temporaryDirectory('kubeconfig-test');
afterAll(() => removeDirectory(directory));

const YAML = `
current-context: dev
clusters:
- name: other
  cluster: {server: https://other}
- name: kind
  cluster:
    server: https://127.0.0.1:6443/
    certificate-authority: ca.pem
contexts:
- name: dev
  context: {cluster: kind, user: admin}
users:
- name: admin
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
`;

describe('readKubeconfig', () => {
  it('takes the current context, with files relative to the kubeconfig', () => {
    writeFileSync(join(directory, 'ca.pem'), 'CA');
    writeFileSync(join(directory, 'config'), YAML);
    expect(readKubeconfig(join(directory, 'config'))).toEqual({
      server: 'https://127.0.0.1:6443',
      caData: Buffer.from('CA').toString('base64'),
      token: undefined,
      clientCertificateData: 'Y2VydA==',
      clientKeyData: 'a2V5',
    });
  });

  it('reads what writeKubeconfig wrote, as its first user', () => {
    const file = join(directory, 'written.json');
    writeKubeconfig(file, { server: 'https://a', caData: 'Q0E=' }, { admin: 'secret', other: 'x' });
    expect(readKubeconfig(file)).toMatchObject({ server: 'https://a', caData: 'Q0E=', token: 'secret' });
  });

  it('says what is wrong with a kubeconfig that leads nowhere', () => {
    const file = join(directory, 'empty');
    writeFileSync(file, 'current-context: none\nclusters: []\ncontexts: []\nusers: []\n');
    expect(() => readKubeconfig(file)).toThrow('its current context names no cluster');
  });
});
