/** The protocol of the API server's exec subresource over a websocket (v4 and v5.channel.k8s.io). */
import type { KubeSocket } from '@tiphys/cluster';
import type { TerminalSize } from './messages.js';

/** The newest first; the fifth can also close stdin, which a terminal never does. */
export const EXEC_PROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly shell: string;
}

export function execPath({ namespace, pod, container, shell }: ExecTarget): string {
  const flags = { stdin: 'true', stdout: 'true', stderr: 'true', tty: 'true' };
  const query = new URLSearchParams({ container, command: shell, ...flags });
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query.toString()}`;
}

export function stdinFrame(data: string): Buffer {
  return Buffer.concat([Buffer.from([CHANNEL.stdin]), Buffer.from(data)]);
}

export function resizeFrame({ cols, rows }: TerminalSize): Buffer {
  const size = JSON.stringify({ Width: cols, Height: rows });
  return Buffer.concat([Buffer.from([CHANNEL.resize]), Buffer.from(size)]);
}

export interface ExecEnd {
  /** False: the shell could not be run at all. */
  readonly started: boolean;
  readonly message: string;
}

export type ExecEvent = { readonly output: Buffer } | { readonly end: ExecEnd };

/** Output as it comes, then how the command ended; without an end the connection was lost. */
export async function* execEvents(socket: Pick<KubeSocket, 'messages'>): AsyncGenerator<ExecEvent> {
  for await (const message of socket.messages) {
    const [channel] = message;
    const content = message.subarray(1);
    if (channel === CHANNEL.status) yield { end: parseExecStatus(content.toString()) };
    // Each channel begins with an empty message.
    else if ((channel === CHANNEL.stdout || channel === CHANNEL.stderr) && content.length > 0)
      yield { output: content };
  }
}

/** A shell's way to say that it is not there, when something between us and the container runs it. */
const NOT_RUN: readonly string[] = ['126', '127'];

interface Status {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** A `Status` of Kubernetes: a shell that ran and ended with an error is a shell that ran. */
export function parseExecStatus(text: string): ExecEnd {
  const { status, reason, message = '', details } = statusOf(text);
  if (status === 'Success') return { started: true, message: '' };
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message ?? '';
  if (reason === 'NonZeroExitCode' && !NOT_RUN.includes(code)) return { started: true, message: '' };
  return { started: false, message };
}

function statusOf(text: string): Status {
  try {
    return JSON.parse(text) as Status;
  } catch {
    return { message: text };
  }
}
