/** One terminal: input of the browser to a shell in a container and its output back, each as fast as the other side takes it. */
import { StringDecoder } from 'node:string_decoder';
import type { KubeClient, KubeSocket } from '@tiphys/cluster';
import { isGitOpsError, redact } from '@tiphys/model';
import { outputMessage, parseClientMessage, type TerminalSize } from './messages.js';
import {
  EXEC_PROTOCOLS,
  type ExecEnd,
  type ExecTarget,
  execEvents,
  execPath,
  resizeFrame,
  stdinFrame,
} from './remote-command.js';

export interface Terminal {
  readonly client: Pick<KubeClient, 'connect'>;
  readonly target: Omit<ExecTarget, 'shell'>;
  /** Tried in this order until one starts. */
  readonly shells: readonly string[];
  /** Resolves when the browser has taken it. */
  readonly send: (text: string) => Promise<void>;
  readonly input: TerminalInput;
  /** Told of every input and output. */
  readonly onActivity: () => void;
  readonly signal: AbortSignal;
}

/** What the browser sends, for the shell that runs now. */
export interface TerminalInput {
  /** Waits for a shell to take it. Throws when it is no message of a terminal. */
  receive(text: string): Promise<void>;
  attach(socket: KubeSocket): Promise<void>;
  detach(): void;
}

export function createTerminalInput(signal: AbortSignal): TerminalInput {
  let socket: KubeSocket | undefined;
  let size: TerminalSize | undefined;
  let attached: () => void = () => undefined;
  signal.addEventListener('abort', () => attached(), { once: true });
  const shell = async (): Promise<KubeSocket | undefined> => {
    if (socket === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        attached = resolve;
      });
    }
    return socket;
  };
  return {
    receive: async (text) => {
      const message = parseClientMessage(text);
      if (message === undefined)
        throw new TypeError('a message of a terminal is stdin with data, or resize with rows and cols');
      if (message.operation === 'stdin') {
        await (await shell())?.send(stdinFrame(message.data));
        return;
      }
      size = message.size;
      await socket?.send(resizeFrame(size));
    },
    attach: async (next) => {
      if (size !== undefined) await next.send(resizeFrame(size));
      socket = next;
      attached();
    },
    detach: () => {
      socket = undefined;
    },
  };
}

/** Resolves when the shell has ended, or none could be started: then the browser was told why. */
export async function runTerminal(terminal: Terminal): Promise<void> {
  let reason = 'exec.shells names none';
  for (const shell of terminal.shells) {
    const end = await runShell(terminal, shell);
    if (end.started || terminal.signal.aborted) return;
    reason = `${shell}: ${end.message}`;
  }
  await terminal.send(outputMessage(redact(`no shell could be started (${reason})`)));
}

async function runShell({ client, target, input, ...terminal }: Terminal, shell: string): Promise<ExecEnd> {
  const lost: ExecEnd = { started: true, message: '' };
  let socket: KubeSocket | undefined;
  try {
    const { signal } = terminal;
    socket = await client.connect(execPath({ ...target, shell }), { protocols: EXEC_PROTOCOLS, signal });
    await input.attach(socket);
    return (await copyOutput(socket, terminal)) ?? lost;
  } catch (error) {
    if (terminal.signal.aborted) return lost;
    if (!isGitOpsError(error)) throw error;
    await terminal.send(outputMessage(redact(`the connection to the container failed: ${error.message}`)));
    return lost;
  } finally {
    input.detach();
    socket?.close();
  }
}

async function copyOutput(
  socket: KubeSocket,
  { send, onActivity }: Pick<Terminal, 'send' | 'onActivity'>,
): Promise<ExecEnd | undefined> {
  // A letter may be cut between two messages.
  const decoder = new StringDecoder('utf8');
  for await (const event of execEvents(socket)) {
    if ('end' in event) return event.end;
    onActivity();
    await send(outputMessage(decoder.write(event.output)));
  }
  return undefined;
}
