/** A tool and a renderer of it that do what the first argument after the command says; for tests of what happens when renderers fail. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeRenderer {
  /** What the renderer says that it is of; the command line is `v1`. */
  readonly version?: string;
  /** Code that runs before it says hello. */
  readonly before?: string;
}

/** Puts `helm`, which prints `by the command line`, and `render-helm`, which answers `by <pid>`, into the folder. */
export function installFakeRenderer(folder: string, { version = 'v1', before = '' }: FakeRenderer = {}): void {
  const helm = '#!/bin/sh\nif [ "$1" = version ]; then echo v1; else echo by the command line; fi\n';
  install(join(folder, 'helm'), helm);
  install(join(folder, 'render-helm'), `#!${process.execPath}\n${before}\n${rendererCode(version)}`);
}

/** `path` is executable afterwards. */
function install(path: string, code: string): void {
  writeFileSync(path, code);
  chmodSync(path, 0o755);
}

const rendererCode = (version: string): string => `
const { existsSync, writeFileSync } = require('node:fs');
const frame = (payload) => {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
};
const send = (...payloads) => process.stdout.write(Buffer.concat(payloads.map(frame)));
const answer = (header, stdout = '', stderr = '') =>
  send(JSON.stringify({ outcome: 'done', code: 0, last: false, ...header }), stdout, stderr);
const die = (message) => {
  process.stderr.write(message);
  process.stderr.once('drain', () => process.exit(2));
  process.exitCode = 2;
  setImmediate(() => process.exit(2));
};
const once = (base, work) => {
  if (existsSync(base + '/tmp/mark')) return answer({}, 'by ' + process.pid);
  writeFileSync(base + '/tmp/mark', '');
  work();
};
const behaviours = {
  render: () => answer({}, 'by ' + process.pid),
  echo: (request) => answer({}, JSON.stringify({ request, env: process.env })),
  fail: () => answer({ code: 1 }, '', 'Error: no luck'),
  unsupported: () => answer({ outcome: 'unsupported' }),
  last: () => answer({ last: true }, 'by ' + process.pid),
  crash: () => die('panic: oh no'),
  crashOnce: ({ base }) => once(base, () => die('panic: oh no')),
  memory: () => die('fatal error: runtime: cannot allocate memory\\n'),
  memoryOnce: ({ base }) => once(base, () => die('fatal error: runtime: cannot allocate memory\\n')),
  nonsense: () => send('{', '', ''),
  tooMuch: ({ maxOutputBytes }) => answer({ outcome: 'tooMuchOutput' }),
  endless: ({ maxOutputBytes }) => answer({}, 'x'.repeat(maxOutputBytes + 1)),
  hang: () => undefined,
};
let received = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  received = Buffer.concat([received, chunk]);
  while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
    const end = 4 + received.readUInt32BE();
    const request = JSON.parse(received.subarray(4, end));
    received = received.subarray(end);
    behaviours[request.args[1]](request);
  }
});
process.stdin.on('end', () => process.exit(0));
send(JSON.stringify({ protocol: 1, tool: 'helm', version: ${JSON.stringify(version)}, sealed: [] }));
`;
