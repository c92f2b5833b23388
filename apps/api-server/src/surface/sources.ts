/** Where the applications of the surface tests come from: Git, a Helm repository and a registry, each with credentials. */
import { createServer, type Server } from 'node:http';
import { hashSync } from '@node-rs/bcrypt';
import { type Files, type GitServer, type Registry, startGitServer, startRegistry, tarGzip } from '@tiphys/testing';
import type { Canaries } from './canaries.js';

export interface Sources {
  readonly username: string;
  readonly git: GitServer;
  readonly gitPassword: string;
  /** Of the repository with the manifests. */
  readonly shop: string;
  readonly commit: string;
  /** Address of the Helm repository, which has the chart `web`. */
  readonly charts: string;
  readonly chartsPassword: string;
  readonly registry: Registry;
  readonly registryPassword: string;
  /** `oci://` address of an artefact with the tag `v1`. */
  readonly layers: string;
  stop(): Promise<void>;
}

const USERNAME = 'robot';
const CHART: Files = {
  'web/Chart.yaml':
    'apiVersion: v2\nname: web\nversion: 1.2.3\ndescription: A page\nhome: https://example.com\nmaintainers: [{name: Ada, email: ada@example.com}]\n',
  'web/values.yaml': 'replicas: 1\n',
  'web/templates/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
};

export async function startSources(canaries: Canaries, files: Files): Promise<Sources> {
  const gitPassword = canaries.plant('password of the Git server');
  const chartsPassword = canaries.plant('password of the Helm repository');
  const registryPassword = canaries.plant('password of the registry');
  const htpasswd = `${USERNAME}:${hashSync(registryPassword, { cost: 4 })}`;
  const [git, registry, charts] = await Promise.all([
    startGitServer({ username: USERNAME, password: gitPassword }),
    startRegistry({ htpasswd }),
    startChartRepository(`${USERNAME}:${chartsPassword}`),
  ]);
  const shop = await git.createRepository('shop', files);
  await registry.pushArtifact({
    ...{ name: 'team/layers', tag: 'v1', login: `${USERNAME}:${registryPassword}` },
    layers: [{ bytes: tarGzip({ 'config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: layers}\n' }) }],
    annotations: { 'org.opencontainers.image.authors': 'Ada' },
  });
  return {
    ...{ username: USERNAME, git, gitPassword, registry, registryPassword, chartsPassword },
    ...{ shop: shop.url, commit: await shop.git('rev-parse', 'main') },
    charts: charts.url,
    layers: `oci://${registry.host}/team/layers`,
    stop: async () => {
      charts.server.close();
      await Promise.all([git.stop(), registry.stop()]);
    },
  };
}

async function startChartRepository(login: string): Promise<{ readonly url: string; readonly server: Server }> {
  const archive = tarGzip(CHART);
  const index =
    'apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.2.3, apiVersion: v2, urls: [web-1.2.3.tgz]}\n';
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${btoa(login)}`) return void response.writeHead(401).end();
    if (request.url === '/index.yaml') return void response.end(index);
    if (request.url === '/web-1.2.3.tgz') return void response.end(archive);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
}
