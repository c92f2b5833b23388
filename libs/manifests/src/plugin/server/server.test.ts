/** The plugin server against hostile input and commands that misbehave (S5-S8, S12), over real sockets. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { AppStreamRequestSchema, ConfigManagementPluginService, grpcServiceDefinition } from '@tiphys/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { treeOf } from '../../testing/memory-tree.js';
import { type PluginFolder, pluginFolder, type ServeOptions } from '../../testing/plugin-server.js';
import type { PluginTask } from '../ports.js';
import { TAR_END, tarFile, tarLink } from '../tar.js';
import { findIsolation } from './isolation.js';

const { signal } = new AbortController();
const scratch = mkdtempSync(join(tmpdir(), 'plugin-scratch-'));
const open: PluginFolder[] = [];
afterAll(async () => {
  for (const folder of open) await folder.close();
  rmSync(scratch, { recursive: true, maxRetries: 5 });
});

const head = 'apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\n';

interface Served {
  readonly folder: PluginFolder;
  generate(abort?: AbortSignal): Promise<readonly string[]>;
}

let count = 0;
/** A plugin with one shell script as its generate command. */
async function serve(
  script: string,
  options: ServeOptions & { readonly annotations?: object; readonly timeoutMs?: number } = {},
): Promise<Served> {
  const folder = pluginFolder();
  open.push(folder);
  const { annotations = {} } = options;
  const spec = JSON.stringify({ generate: { command: ['sh', '-c', script] } });
  await folder.serve(`${head}metadata: ${JSON.stringify({ name: 'p', annotations })}\nspec: ${spec}\n`, options);
  const plugins = folder.connect(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs });
  const task: PluginTask = {
    ...{ application: 'shop', tree: treeOf({ 'app/value': '1' }), folder: 'app', environment: {} },
    files: { include: [{ path: '' }], exclude: [] },
    key: '',
  };
  return { folder, generate: async (abort = signal) => (await plugins.named('p')).generate(task, abort) };
}

const fresh = (name: string): string => {
  count += 1;
  return join(scratch, `${name}-${count}`);
};

/** An orphan that is dead stays a zombie until the init process of the machine looks. */
function isAlive(pidFile: string): boolean {
  try {
    const stat = readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

describe('commands that misbehave', () => {
  it('that fail: exit code and stderr, without secrets of the sidecar and temporary paths (S6, S8)', async () => {
    const { generate, folder } = await serve(
      'echo "no access with $VAULT_TOKEN in $PWD/values.yaml and $TMPDIR/x; password=hunter22" >&2; exit 7',
      { environment: { VAULT_TOKEN: 's.abcdefgh' } },
    );
    await expect(generate()).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message:
        'The generate command of the plugin p failed with exit code 7: no access with *** in app/values.yaml and x; password=***',
    });
    expect(folder.leftovers()).toEqual([]);
  });

  it('that do not end: they and what they started are killed', async () => {
    const pid = fresh('pid');
    const { generate, folder } = await serve(`trap '' TERM; sleep 600 & echo $! > ${pid}; wait; sleep 600`, {
      limits: { timeoutMs: 500, graceMs: 100 },
    });
    await expect(generate()).rejects.toThrow(
      'The generate command of the plugin p did not finish within 0.5 s and was stopped',
    );
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    expect(folder.leftovers()).toEqual([]);
  });

  it('that end when they are asked to are not killed', async () => {
    const file = fresh('asked');
    const { generate } = await serve(`trap 'echo asked > ${file}; exit 1' TERM; sleep 600 & wait`, {
      limits: { timeoutMs: 4_000, graceMs: 20_000 },
    });
    await expect(generate()).rejects.toThrow(/did not finish within 4 s/);
    expect(readFileSync(file, 'utf8')).toBe('asked\n');
  });

  it('that take longer than the caller waits: the caller learns which command it was', async () => {
    const { generate } = await serve('sleep 600', { timeoutMs: 1_500, limits: { graceMs: 0 } });
    await expect(generate()).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/plugin p did not (finish within [\d.]+ s|get to run a command)/),
    });
  });

  it('that print without end (S12)', async () => {
    const { generate } = await serve('yes', { limits: { maxOutputBytes: 100_000 } });
    await expect(generate()).rejects.toThrow('printed more than 100000 bytes and was stopped');
    const chatty = await serve('yes error | head -c 3000000 >&2; exit 1');
    const error = await chatty.generate().catch((reason: Error) => reason);
    expect((error as Error).message.length).toBeLessThan(6_000);
  });

  it('that take all memory, where the image can bound it (S12)', async () => {
    const { memory } = await findIsolation({ network: 'allowed' }, 1);
    const { generate } = await serve(`x=$(head -c 200m /dev/zero | tr '\\0' a); test "\${#x}" -gt 1`, {
      limits: { memoryBytes: 64 * 1024 * 1024 },
    });
    const outcome = await generate().then(
      () => 'containerOnly',
      () => 'bounded',
    );
    expect(outcome).toBe(memory);
  });

  it('whose caller gives up are killed', async () => {
    const pid = fresh('pid');
    const { generate, folder } = await serve(`echo $$ > ${pid}; sleep 600`);
    const giveUp = new AbortController();
    const answer = generate(giveUp.signal);
    const rejected = expect(answer).rejects.toThrow('gave up');
    await expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '', { timeout: 15_000 }).toBe(true);
    giveUp.abort(new Error('gave up'));
    await rejected;
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    await expect.poll(() => folder.leftovers(), { timeout: 15_000 }).toEqual([]);
  });

  it('that do not exist', async () => {
    const folder = pluginFolder();
    open.push(folder);
    await folder.serve(`${head}metadata: {name: p}\nspec: {generate: {command: [no-such-program]}}\n`);
    const task = {
      application: '',
      tree: treeOf({ x: '' }),
      folder: '',
      environment: {},
      files: { include: [{ path: '' }], exclude: [] },
      key: '',
    };
    await expect((await folder.connect().named('p')).generate(task, signal)).rejects.toThrow(
      /no-such-program|could not be started/,
    );
  });

  it('one never sees the files of another', async () => {
    const { generate } = await serve('ls .. ../..; echo left > "$TMPDIR/left"; echo left > ../left');
    const outputs = await Promise.allSettled([generate(), generate(), generate()]);
    for (const outcome of outputs) {
      expect(String((outcome as PromiseRejectedResult).reason)).not.toContain('left');
    }
  });
});

describe('a plugin that declares to need no network (S5)', () => {
  const interfaces = `sed -n 's/^ *\\([a-z0-9]*\\):.*/\\1/p' /proc/net/dev | sort | tr '\\n' ' ' | sed "s/.*/kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: '&'}/"`;
  it('sees no interface but its own, where the kernel lets it be taken away', async () => {
    const annotations = { 'tiphys.dev/network': 'denied' };
    const { network } = await findIsolation({ network: 'denied' }, 512 * 1024 * 1024);
    const { generate } = await serve(interfaces, { annotations });
    const [manifest = ''] = await generate();
    const { metadata } = JSON.parse(manifest) as { readonly metadata: { readonly name: string } };
    expect(network === 'denied' ? metadata.name.trim() : network).toBe(network === 'denied' ? 'lo' : 'notEnforced');
  });
});

type Piece = { readonly metadata: object } | { readonly chunk: Uint8Array };

describe('what is no sound archive is refused, and nothing of it stays (S7, S12)', () => {
  const folder = pluginFolder();
  open.push(folder);
  const evil = fresh('evil');
  let send: (pieces: readonly Piece[]) => Promise<string>;
  beforeAll(async () => {
    await folder.serve(`${head}metadata: {name: p}\nspec: {generate: {command: [sh, -c, 'cat value >&2; exit 9']}}\n`, {
      limits: { maxBytes: 100_000, maxFiles: 20 },
    });
    send = (pieces) => sendRaw(join(folder.folder, 'p.sock'), pieces);
  });
  const packed = (...entries: readonly Uint8Array[]): Uint8Array => gzipSync(Buffer.concat([...entries, TAR_END]));
  const content = Buffer.from('outside');
  const inside = tarFile('value', Buffer.from('1'), false);
  const typed = (type: string): Uint8Array => {
    const block = Buffer.from(tarLink('value', '/etc/passwd').slice(0, 512));
    block.write(type, 156);
    block.write('        ', 148);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return block;
  };

  it.each<[string, Uint8Array, RegExp]>([
    ['a path with ..', packed(tarFile('../../evil', content, false)), /has a path that leads outside/],
    ['a path with .. that comes back', packed(tarFile('a/../value', content, false)), /has a path that leads outside/],
    ['an absolute path', packed(tarFile(evil, content, false)), /has a path that leads outside/],
    ['a path with a line break', packed(tarFile('a\nb', content, false)), /has a path that leads outside/],
    ['a link to an absolute path', packed(inside, tarLink('link', '/etc/passwd')), /symbolic link that leads outside/],
    ['a link that climbs out', packed(inside, tarLink('a/link', '../../../etc')), /symbolic link that leads outside/],
    [
      'a file through a link',
      packed(tarLink('dir', 'a'), tarFile('dir/value', content, false)),
      /a file and a folder of the same name|two files/,
    ],
    ['two files of one name', packed(inside, inside), /two files of the same name/],
    ['a file below a file', packed(inside, tarFile('value/x', content, false)), /of the same name/],
    ['a hard link', packed(typed('1')), /no file, folder or symbolic link/],
    ['a device', packed(typed('3')), /no file, folder or symbolic link/],
    [
      'more files than allowed',
      packed(...Array.from({ length: 25 }, (_, index) => tarFile(`f${index}`, content, false))),
      /more than 20 files/,
    ],
    ['more bytes than allowed', packed(tarFile('big', Buffer.alloc(200_000), false)), /more than 100000 bytes/],
    [
      'an archive that ends in a file',
      gzipSync(tarFile('value', Buffer.alloc(2_000), false).slice(0, 900)),
      /ends too early/,
    ],
    ['a gzip stream that ends early', packed(inside).slice(0, 40), /ends too early|no gzip/],
    ['no gzip', Buffer.from('plain text'), /no gzip archive/],
    ['no tar', gzipSync(Buffer.alloc(1_024, 'x')), /no tar archive/],
  ])('%s', async (_name, archive, expected) => {
    expect(await send([{ metadata: { checksum: sum(archive) } }, { chunk: archive }])).toMatch(expected);
    expect(existsSync(evil)).toBe(false);
    expect(folder.leftovers()).toEqual([]);
  });

  const archive = packed(inside);
  it.each<[string, readonly Piece[], RegExp]>([
    ['a wrong checksum', [{ metadata: { checksum: sum(content) } }, { chunk: archive }], /checksum/],
    ['no description', [{ chunk: archive }], /does not begin with its description/],
    ['nothing', [], /is empty/],
    [
      'two descriptions',
      [{ metadata: { checksum: sum(archive) } }, { metadata: {} }],
      /something other than the archive/,
    ],
    [
      'a source folder outside',
      [{ metadata: { checksum: sum(archive), appRelPath: '../..' } }, { chunk: archive }],
      /source folder that leads outside/,
    ],
    [
      'an absolute source folder',
      [{ metadata: { checksum: sum(archive), appRelPath: '/etc' } }, { chunk: archive }],
      /source folder that leads outside/,
    ],
    [
      'an archive without end',
      [{ metadata: {} }, ...Array.from({ length: 30 }, () => ({ chunk: Buffer.alloc(10_000) }))],
      /more than 100000 bytes/,
    ],
  ])('a request with %s', async (_name, pieces, expected) => {
    expect(await send(pieces)).toMatch(expected);
    expect(folder.leftovers()).toEqual([]);
  });

  it('while sound requests go on', async () => {
    expect(await send([{ metadata: { checksum: sum(archive) } }, { chunk: archive }])).toMatch(
      /failed with exit code 9: 1$/,
    );
  });
});

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The failure of a GenerateManifest call with exactly these messages. */
function sendRaw(socket: string, pieces: readonly Piece[]): Promise<string> {
  const definition = grpcServiceDefinition(ConfigManagementPluginService);
  const rpc = definition['generateManifest']!;
  const Client = makeGenericClientConstructor(definition, ConfigManagementPluginService.typeName);
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  return new Promise<string>((resolve) => {
    const call = client.makeClientStreamRequest(
      rpc.path,
      rpc.requestSerialize,
      rpc.responseDeserialize,
      new Metadata(),
      { deadline: Date.now() + 30_000 },
      (error: ServiceError | null) => resolve(error === null ? 'accepted' : `${status[error.code]}: ${error.details}`),
    );
    for (const piece of pieces) {
      const request =
        'chunk' in piece
          ? { case: 'file' as const, value: { chunk: piece.chunk } }
          : { case: 'metadata' as const, value: { appRelPath: '.', ...piece.metadata } };
      call.write(create(AppStreamRequestSchema, { request }));
    }
    call.end();
  }).finally(() => client.close());
}
