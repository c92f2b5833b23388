/** /api/dex/* leads to Dex (F23): bounded in size and time, and without the sessions of our users. */
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import type { Logger } from '@tiphys/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { DEX_PATH } from '../../auth/oidc/login-provider.js';
import { ApiError } from '../../errors.js';
import type {} from '../../http/types.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import { dexRequest, endToEndHeaders } from './headers.js';

export interface DexProxyDeps {
  readonly settings: Pick<LiveSettings, 'sso'>;
  /** Believe what a proxy before us says, also of the user (Dex's connector `authproxy`). */
  readonly trustProxy: boolean;
  readonly log: Logger;
}

/** Forms and, largest, answers of SAML providers. */
const BODY_LIMIT_BYTES = 1024 * 1024;
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export async function registerDexProxy(app: FastifyInstance, deps: DexProxyDeps): Promise<void> {
  const agents = createAgents(deps);
  app.addHook('onClose', () => agents.close());
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES } as const;
    scope.addContentTypeParser('*', options, (_, body, done) => done(null, body));
    scope.route({
      ...{ method: ['GET', 'HEAD', 'POST', 'OPTIONS'], url: `${DEX_PATH}/*`, exposeHeadRoute: false },
      ...{ config: { public: true, sessionless: true, anyContentType: true }, schema: { hide: true } },
      handler: (request, reply) => forward(deps, agents, { request, reply }),
    });
  });
}

interface Agents {
  current(): Agent;
  close(): Promise<void>;
}

/** One pool of connections; a new one when the rule for certificates changes. */
function createAgents({ settings }: DexProxyDeps): Agents {
  let known: { readonly strict: boolean; readonly agent: Agent } | undefined;
  return {
    current: () => {
      const strict = settings.sso().dexServer.strictTls;
      if (known?.strict !== strict) {
        void known?.agent.close();
        const connect = { rejectUnauthorized: strict, timeout: TIMEOUT_MS };
        known = { strict, agent: new Agent({ connect, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }) };
      }
      return known.agent;
    },
    close: async () => {
      await known?.agent.close();
    },
  };
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function forward(deps: DexProxyDeps, agents: Agents, { request, reply }: Exchange): Promise<FastifyReply> {
  const { dex, dexServer } = deps.settings.sso();
  if (dex === undefined) throw new ApiError('notFound', 'Dex is not configured: there is no dex.config in argocd-cm');
  const answer = await ask(agents.current(), dexServer.url, requestOf(deps, request));
  if (answer.statusCode === 500) {
    deps.log.error('Dex answered with an error', { path: request.url.split('?')[0], page: await excerpt(answer) });
    return reply.redirect('/login?has_sso_error=true', 303);
  }
  reply.code(answer.statusCode).headers(endToEndHeaders(answer.headers));
  // Its pages are its own: our rules for content would stop their forms, which lead back over all addresses of ours.
  reply.header('content-security-policy', "frame-ancestors 'self'");
  return reply.send(bounded(answer.body));
}

function requestOf({ trustProxy }: DexProxyDeps, request: FastifyRequest): Dispatcher.RequestOptions {
  return {
    ...{ method: request.method as Dispatcher.HttpMethod, path: request.url, signal: request.deadline },
    headers: dexRequest(request.headers, trustProxy),
    ...(Buffer.isBuffer(request.body) ? { body: request.body } : {}),
  };
}

async function ask(agent: Agent, url: string, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await agent.request({ ...options, origin: url });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ApiError('unavailable', `Dex cannot be reached at ${url} (server.dex.server): ${reason}`);
  }
}

/** Streams; ends the connection when Dex sends more than it ever should. */
function bounded(body: Readable): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      if (bytes > ANSWER_LIMIT_BYTES) done(new Error('the answer of Dex is too large'));
      else done(null, chunk);
    },
  });
  body.once('error', (error) => limit.destroy(error));
  limit.once('close', () => body.destroy());
  return body.pipe(limit);
}

const EXCERPT_LENGTH = 500;
const READ_LENGTH = 16_384;

async function excerpt({ body }: Dispatcher.ResponseData): Promise<string> {
  let text = '';
  for await (const chunk of bounded(body)) {
    text += String(chunk);
    if (text.length > READ_LENGTH) break;
  }
  const words = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return words.trim().slice(0, EXCERPT_LENGTH);
}
