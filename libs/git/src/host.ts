/** Everything that talks to Git hosts: the transports behind the gate, with credentials for now, counted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, outboundPolicy } from '@tiphys/runtime';
import { chooseTransport } from './choose-transport.js';
import { createCliTransport } from './cli/transport.js';
import { type CredentialExchange, createCredentialExchange } from './credentials/exchange.js';
import { createTokenClient } from './credentials/token-client.js';
import { isGitError } from './errors.js';
import { parseGitUrl } from './git-url.js';
import { createHostGate, type HostGate } from './host-gate.js';
import { checkRemoteHost } from './http/guarded-connect.js';
import { createHostClient } from './http/host-client.js';
import { type LoadedNodegit, loadNodegit } from './nodegit/api.js';
import { createKnownHostsFile } from './nodegit/known-hosts.js';
import { createNodegitTransport } from './nodegit/transport.js';
import type { GitRemote } from './ports.js';
import { withPause } from './rate-limit.js';
import type { GitReaderOptions, GitRequestReport } from './reader-options.js';
import type { GitTransport } from './transport.js';

/** `ready` is the remote with credentials for now. */
type HostTask<T> = (transport: GitTransport, ready: GitRemote) => Promise<T>;

export interface Host {
  readonly nodegit: ReturnType<typeof loadNodegit>['nodegit'];
  run<T>(remote: GitRemote, type: GitRequestReport['type'], task: HostTask<T>): Promise<T>;
}

interface TransportParts {
  readonly loaded: LoadedNodegit;
  readonly clock: Clock;
}

function createTransport(options: GitReaderOptions, { loaded, clock }: TransportParts): GitTransport {
  const timeouts = {
    listTimeoutMs: options.listTimeoutMs ?? 30_000,
    fetchTimeoutMs: options.fetchTimeoutMs ?? 600_000,
  };
  const knownHosts = createKnownHostsFile(loaded.homeDirectory);
  const nodegit = createNodegitTransport({ ...timeouts, loaded, knownHosts });
  const workDirectory = join(options.dataDirectory, 'work');
  const cli = createCliTransport({ ...timeouts, workDirectory, allowFile: options.allowFile === true });
  switch (options.transport ?? 'auto') {
    case 'nodegit':
      return nodegit;
    case 'git-cli':
      return cli;
    case 'auto':
      return chooseTransport({ nodegit, cli, clock });
  }
}

export function createHost(options: GitReaderOptions, clock: Clock): Host {
  const loaded = loadNodegit({
    homeDirectory: join(options.dataDirectory, 'home'),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
  });
  const transport = createTransport(options, { loaded, clock });
  const gate: HostGate = createHostGate({ perHost: options.perHost ?? 8, clock });
  const exchange = createExchange(options, clock);
  const { outbound = outboundPolicy() } = options;
  // The host of the repository, which was checked; it may be asked over plain HTTP.
  const client = createHostClient({ ...trusted(options), allowLocal: true });
  return {
    nodegit: loaded.nodegit,
    run: (remote, type, task) => {
      const { host } = parseGitUrl(remote.url, { allowFile: true });
      return gate.run(host, async () => {
        const started = performance.now();
        const report = (ok: boolean): void =>
          options.onRequest?.({ url: remote.url, type, ms: performance.now() - started, ok });
        try {
          if (host !== '') await checkRemoteHost(host, outbound);
          const result = await withToken(exchange, remote, (ready) => task(transport, ready));
          report(true);
          return result;
        } catch (error) {
          report(false);
          throw await withPause(client, remote, error);
        }
      });
    },
  };
}

function createExchange(options: GitReaderOptions, clock: Clock): CredentialExchange {
  const { azureWorkload, googleTokenUrl } = options;
  return createCredentialExchange({
    client: createTokenClient(createHostClient({ ...trusted(options), allowLocal: options.allowFile === true })),
    clock,
    ...(azureWorkload === undefined ? {} : { azureWorkload }),
    ...(googleTokenUrl === undefined ? {} : { googleTokenUrl }),
  });
}

/** A token that the host refuses may have been withdrawn: the next request gets a new one. */
async function withToken<T>(
  exchange: CredentialExchange,
  remote: GitRemote,
  task: (ready: GitRemote) => Promise<T>,
): Promise<T> {
  const ready = await exchange.exchange(remote);
  try {
    return await task(ready);
  } catch (error) {
    if (isGitError(error) && error.failure === 'credentials') exchange.forget(remote);
    throw error;
  }
}

/** The authorities that the installation trusts beside those of Node. */
export function trusted({ caFile }: GitReaderOptions): { readonly ca?: string } {
  return caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
}
