/** Bytes on a socket, as no HTTP client would send them. */
import { connect } from 'node:net';

const PATIENCE_MS = 5_000;

/** What came back until the answer was whole, the server closed, or nothing came for a while; '' when it only closed. */
export function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(PATIENCE_MS, finish);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isWhole(Buffer.concat(chunks).toString('latin1'))) finish();
    });
    socket.on('close', finish);
    socket.on('error', finish);
    socket.write(bytes);
  });
}

/** With the length that its head says. */
function isWhole(answer: string): boolean {
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(answer) ?? [];
  const body = answer.indexOf('\r\n\r\n') + 4;
  return length !== undefined && body > 3 && answer.length >= body + Number(length);
}

/** Of the first answer; undefined when there is none. */
export function statusOf(answer: string): number | undefined {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  return status === undefined ? undefined : Number(status);
}

export interface RequestLines {
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Default: the length of the body. */
  readonly length?: string;
}

export function requestBytes({ method = 'GET', path, headers = [], body = '', length }: RequestLines): Buffer {
  const bytes = Buffer.from(body as string);
  const lengths = method === 'GET' ? [] : [`content-length: ${length ?? bytes.length}`];
  const lines = [`${method} ${path} HTTP/1.1`, 'host: localhost', ...lengths, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), bytes]);
}
