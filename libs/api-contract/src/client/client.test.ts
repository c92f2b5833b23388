/** The client against a real HTTP server that says what it was asked, or sends what the test gives it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applicationRoutes, clusterRoutes, installationRoutes, projectRoutes } from '../surface.js';
import { ApiCallError, type ApiClient, createApiClient } from './client.js';

type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

let server: Server;
let baseUrl: string;
let client: ApiClient;
let respond: Respond;

const echo: Respond = ({ method, url, headers }, response, body) => {
  const { authorization, 'content-type': type } = headers;
  response.end(JSON.stringify({ method, url, authorization, type, body }));
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void respond(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createApiClient({ baseUrl: `${baseUrl}/root/`, token: async () => 'a-token' });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('call', () => {
  it('fills the path, repeats lists and leaves out what is undefined', async () => {
    respond = echo;
    const query = { projects: ['a', 'b c'], name: 'web' };
    expect(await client.call(applicationRoutes.list, { query })).toEqual({
      ...{ method: 'GET', url: '/root/api/v1/applications?projects=a&projects=b+c&name=web', body: '' },
      authorization: 'Bearer a-token',
    });
    const one = await client.call(clusterRoutes.get, { params: { id: 'https://c/x' }, query: { 'id.type': 'url' } });
    expect(one).toMatchObject({ url: '/root/api/v1/clusters/https%3A%2F%2Fc%2Fx?id.type=url' });
  });

  it('sends bodies as JSON, and says so also when there is none (N21)', async () => {
    respond = echo;
    const body = { project: { metadata: { name: 'p' } } };
    expect(await client.call(projectRoutes.create, { body })).toMatchObject({
      ...{ method: 'POST', type: 'application/json', body: JSON.stringify(body) },
    });
    const deleted = await client.call(applicationRoutes.delete, { params: { name: 'web' } });
    expect(deleted).toMatchObject({ method: 'DELETE', type: 'application/json', body: '' });
  });

  it('throws the server’s error with its status, code and time to wait', async () => {
    respond = (_, response) => {
      response.writeHead(503, { 'retry-after': '5' });
      response.end('{"error":"not now","code":14,"message":"not now"}');
    };
    const error = await client.call(installationRoutes.version, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiCallError);
    expect(error).toMatchObject({ status: 503, code: 14, message: 'not now', retryAfterSeconds: 5 });
  });

  it('says what came when it was not the API server’s', async () => {
    respond = (_, response) => void response.writeHead(502).end('<html>bad gateway</html>');
    const error = await client.call(installationRoutes.version, {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 502, code: 2, message: '502 Bad Gateway: <html>bad gateway</html>' });
  });
});

describe('stream', () => {
  const item = (name: string) => `{"result":{"type":"ADDED","application":{"metadata":{"name":"${name}"}}}}\n`;

  it('gives each result, however the bytes are cut', async () => {
    respond = async (_, response) => {
      const bytes = Buffer.from(`${item('grüß')}\n${item('b')}${item('c').trimEnd()}`);
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    const names: unknown[] = [];
    for await (const { application } of client.stream(applicationRoutes.watch, {}))
      names.push(application.metadata.name);
    expect(names).toEqual(['grüß', 'b', 'c']);
  });

  it('throws an error that comes in the middle', async () => {
    respond = (_, response) => void response.end(`${item('a')}{"error":{"error":"gone","code":5,"message":"gone"}}\n`);
    const read = async (): Promise<void> => {
      for await (const { type } of client.stream(applicationRoutes.watch, {})) expect(type).toBe('ADDED');
    };
    await expect(read()).rejects.toMatchObject({ code: 5, message: 'gone' });
  });

  it('closes the connection when the reader leaves, or its signal is aborted', async () => {
    let closed = 0;
    const gone: Promise<void>[] = [];
    respond = (_, response) => {
      gone.push(new Promise((resolve) => response.once('close', () => resolve(void (closed += 1)))));
      response.write(item('a'));
    };
    for await (const { type } of client.stream(applicationRoutes.watch, {})) {
      expect(type).toBe('ADDED');
      break;
    }
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _ of client.stream(applicationRoutes.watch, {}, { signal: controller.signal }))
        controller.abort();
    };
    await expect(read()).rejects.toThrow(/abort/);
    await Promise.all(gone);
    expect(closed).toBe(2);
  });
});
