/**
 * The part of undici that API requests need: its HTTP/1.1 agent. The package's index would also load fetch, WebSockets and
 * caches: 13 MB of memory in every service (measured). The version is pinned exactly; the client's tests notice a moved file.
 */
import { createRequire } from 'node:module';
import type { Agent, buildConnector, Dispatcher, ProxyAgent } from 'undici';

const load = createRequire(import.meta.url);
const AgentClass = load('undici/lib/dispatcher/agent.js') as typeof Agent;
const sendRequest = load('undici/lib/api/api-request.js') as Request;
const connectorBuilder = load('undici/lib/core/connect.js') as typeof buildConnector;

type Request = (this: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;

export function createAgent(options: Agent.Options): Dispatcher {
  return new AgentClass(options);
}

/** Clusters behind a proxy only: loaded when the first one is met. */
export function createProxyAgent(options: ProxyAgent.Options): Dispatcher {
  const ProxyAgentClass = load('undici/lib/dispatcher/proxy-agent.js') as typeof ProxyAgent;
  return new ProxyAgentClass(options);
}

export function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  return connectorBuilder(options);
}

/** Resolves with the head of the answer. */
export function request(dispatcher: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  return sendRequest.call(dispatcher, options);
}
