import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ConfigOptions, parseConfig } from './config.js';
import { commonAliases, commonSettings, hostPortSetting, redisConnection, redisSettings } from './settings.js';

const directory = mkdtempSync(join(tmpdir(), 'tiphys-config-'));
afterAll(() => rmSync(directory, { recursive: true }));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, 'from-a-file-with-more-than-32-bytes\n');

const schema = z.object({
  ...commonSettings,
  redisPassword: z.string().optional().describe('Password of Redis'),
  concurrency: z.coerce.number().int().min(1).default(20).describe('Parallel reconciles'),
  insecure: z.stringbool().default(false),
  listen: hostPortSetting('0.0.0.0:8080', 'REST'),
});

function parse(options: Partial<ConfigOptions> = {}) {
  return parseConfig(schema, { name: 'test', env: {}, argv: [], aliases: commonAliases, ...options });
}

describe('a setting', () => {
  const defaults = {
    namespace: 'argocd',
    logLevel: 'info',
    logFormat: 'json',
    logTimestamp: '',
    concurrency: 20,
    insecure: false,
    listen: { host: '0.0.0.0', port: 8080 },
  };
  it.each([
    { name: 'has its default', options: {}, expected: {} },
    { name: 'comes from the environment', options: { env: { TIPHYS_CONCURRENCY: '5' } }, expected: { concurrency: 5 } },
    { name: 'comes from a flag', options: { argv: ['--concurrency=6'] }, expected: { concurrency: 6 } },
    {
      name: 'comes from a flag and the next argument',
      options: { argv: ['--log-level', 'debug'] },
      expected: { logLevel: 'debug' },
    },
    {
      name: 'is switched on by its flag alone',
      options: { argv: ['--insecure', '--concurrency', '2'] },
      expected: { insecure: true, concurrency: 2 },
    },
    {
      name: 'prefers the flag',
      options: { env: { TIPHYS_CONCURRENCY: '5' }, argv: ['--concurrency=6'] },
      expected: { concurrency: 6 },
    },
    { name: 'takes an empty variable as unset', options: { env: { TIPHYS_CONCURRENCY: '' } }, expected: {} },
    { name: 'knows its alias', options: { env: { REDIS_PASSWORD: 'p' } }, expected: { redisPassword: 'p' } },
    {
      name: 'comes from a file',
      options: { env: { TIPHYS_REDIS_PASSWORD_FILE: secretFile } },
      expected: { redisPassword: 'from-a-file-with-more-than-32-bytes' },
    },
    {
      name: 'comes from a file that a flag names',
      options: { argv: ['--redis-password-file', secretFile] },
      expected: { redisPassword: 'from-a-file-with-more-than-32-bytes' },
    },
    {
      name: 'can be an address',
      options: { env: { TIPHYS_LISTEN: '[::1]:99' } },
      expected: { listen: { host: '::1', port: 99 } },
    },
  ])('$name', ({ options, expected }) => {
    expect(parse(options)).toEqual({ kind: 'config', value: { ...defaults, ...expected } });
  });

  it('cannot be changed afterwards', () => {
    const result = parse();
    expect(result.kind === 'config' && Object.isFrozen(result.value)).toBe(true);
  });
});

describe('wrong settings', () => {
  it('are all listed, each with the names to set it by', () => {
    const required = z.object({ ...redisSettings, concurrency: z.coerce.number().int() });
    const argv = ['--unknown=1', '--concurrency', 'many', 'stray'];
    const env = { TIPHYS_CACHE_KEY: 'short', TIPHYS_REDIS_PASSWORD_FILE: '/nowhere' };
    const result = parseConfig(required, { name: 'test', env, argv });
    expect(result).toEqual({ kind: 'invalid', message: expect.any(String) });
    const message = result.kind === 'invalid' ? result.message : '';
    expect(message.split('\n')).toEqual([
      'test: 6 wrong or missing setting(s):',
      '  - "unknown" is not a setting of this process: see --help',
      '  - "stray" is not a setting of this process: see --help',
      expect.stringContaining('TIPHYS_REDIS_PASSWORD_FILE: cannot read the file'),
      '  - TIPHYS_REDIS_ADDRESS (--redis-address): is required: set it, TIPHYS_REDIS_ADDRESS_FILE or the flag',
      '  - TIPHYS_CACHE_KEY (--cache-key): needs at least 32 bytes',
      expect.stringMatching(/TIPHYS_CONCURRENCY \(--concurrency\): .*number/),
      'Correct them, or see --help.',
    ]);
  });

  it.each(['8080', 'host', 'host:99999', 'ho st:1', ''])('the address "%s" is refused with an example', (text) => {
    const result = parse({ argv: [`--listen=${text}`] });
    expect(result.kind === 'invalid' && result.message).toContain('127.0.0.1:8080');
  });

  it('a secret file that cannot be read is named', () => {
    const result = parse({ env: { REDIS_PASSWORD_FILE: '/nowhere/password' } });
    expect(result.kind === 'invalid' && result.message).toMatch(
      /REDIS_PASSWORD_FILE: cannot read .*\/nowhere\/password/,
    );
  });
});

it('--help names every setting with its variables and default', () => {
  const result = parse({ argv: ['--help'] });
  const text = result.kind === 'help' ? result.text : '';
  expect(text).toContain('--redis-password, TIPHYS_REDIS_PASSWORD, REDIS_PASSWORD\n      Password of Redis');
  expect(text).toContain('--concurrency, TIPHYS_CONCURRENCY\n      Parallel reconciles (default 20)');
  expect(text).toContain('--listen, TIPHYS_LISTEN\n      REST (default 0.0.0.0:8080)');
});

it('redisConnection reads the password file again on every connect (R2)', () => {
  const file = join(directory, 'rotating');
  writeFileSync(file, 'old\n');
  const connection = redisConnection({ redisAddress: { host: 'redis', port: 6379 }, redisPasswordFile: file });
  expect(connection.password()).toBe('old');
  writeFileSync(file, 'new\n');
  expect(connection).toMatchObject({ host: 'redis', port: 6379 });
  expect(connection.password()).toBe('new');
});
