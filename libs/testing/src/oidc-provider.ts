/** A certified OpenID Connect provider (the package `oidc-provider`) with users, a login page, faults and key rotation. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { OidcCore, OidcCoreOptions, OidcUser } from './oidc-core.js';
import { freePort } from './process.js';

export interface OidcProviderOptions extends Omit<OidcCoreOptions, 'issuer'> {
  /** Of the issuer, `/realms/acme`; default none. */
  readonly path?: string;
  /** HTTPS with this certificate (PEM). */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface OidcProviderFaults {
  /** Answer everything with this status. */
  readonly status?: number;
}

export interface OidcProviderServer {
  readonly issuer: string;
  /** `GET /path` of every request so far. */
  readonly requests: readonly string[];
  /** A token signed with the provider's key, whatever its claims; `header` replaces fields of the header. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, string>>): Promise<string>;
  /** PEM of the public key that tokens are signed with. */
  publicKeyPem(): string;
  /** New key, new key id; tokens of the old one are not valid any more. */
  rotateKeys(): Promise<void>;
  /** Changes what the provider says of a user from now on. */
  setUser(username: string, user: OidcUser): void;
  /** Replaces the faults; `{}` heals it. */
  setFaults(faults: OidcProviderFaults): void;
  stop(): Promise<void>;
}

/** Starts a provider on a free port of the loopback interface. Every client may use the code, refresh and device grants. */
export async function startOidcProvider(options: OidcProviderOptions): Promise<OidcProviderServer> {
  const { path = '', tls } = options;
  const port = await freePort();
  const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${path}`;
  const users = new Map(Object.entries(options.users));
  const coreOptions = { ...options, issuer, users };
  // Loaded here: the package takes a while, and most tests need no provider.
  const { createOidcCore } = await import('./oidc-core.js');
  let core: OidcCore = await createOidcCore(coreOptions);
  let faults: OidcProviderFaults = {};
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (faults.status !== undefined) response.writeHead(faults.status).end();
    else handle(core, path, { request, response });
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    ...{ issuer, requests },
    sign: (claims, header) => core.sign(claims, header),
    publicKeyPem: () => core.publicKeyPem,
    rotateKeys: async () => {
      core = await createOidcCore(coreOptions);
    },
    setUser: (username, user) => void users.set(username, user),
    setFaults: (wanted) => {
      faults = wanted;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage & { originalUrl?: string };
  readonly response: ServerResponse;
}

/** The provider may be mounted below a path, as Keycloak mounts its realms. */
function handle(core: OidcCore, path: string, { request, response }: Exchange): void {
  const url = request.url ?? '/';
  if (!url.startsWith(path)) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = url;
  request.url = url.slice(path.length) || '/';
  core.handle(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
}
