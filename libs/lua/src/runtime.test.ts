/** The sandbox as scripts see it, and what it does to scripts that want too much (S7). */
import type { KubernetesObject } from '@tiphys/model';
import { createLogger } from '@tiphys/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { createLuaRuntime, EMPTY_TABLE, type LuaOutcome } from './index.js';

const object: KubernetesObject = {
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'thing', labels: {}, finalizers: [], managedFields: [{ manager: 'x' }] } as never,
  spec: {
    replicas: 5,
    big: 3_000_000_000,
    exact: 2n,
    text: 'grüße 🚢 "quoted" \\ \n\t\u0001',
    ratio: 0.25,
    none: null,
  },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

const lines: string[] = [];
const log = createLogger({
  name: 'test',
  level: 'warn',
  format: 'json',
  write: (line: string) => void lines.push(line),
} as never);
/** The machine may be slow; nothing here may fail for that. */
const lua = createLuaRuntime({ log, timeMs: 15_000 });
afterAll(() => lua.stop());

function run(
  script: string,
  more: { openLibs?: boolean; parameters?: Record<string, string> } = {},
): Promise<LuaOutcome> {
  return lua.evaluate({ name: 'test', script, openLibs: more.openLibs ?? false, object, ...more });
}

const answers: readonly {
  readonly name: string;
  readonly script: string;
  readonly openLibs?: true;
  readonly value: unknown;
}[] = [
  {
    name: 'numbers are written as Lua 5.1 does',
    script: 'return 10 / 2 .. " " .. obj.spec.big',
    value: '5 3000000000',
  },
  { name: 'a field that is null is absent', script: 'return obj.spec.none == nil', value: true },
  { name: 'managedFields are not shown', script: 'return obj.metadata.managedFields == nil', value: true },
  { name: 'texts keep every character', script: 'return obj.spec.text', value: 'grüße 🚢 "quoted" \\ \n\t\u0001' },
  {
    name: 'empty lists and objects stay what they are',
    script: 'return obj.metadata',
    value: { name: 'thing', labels: {}, finalizers: [] },
  },
  { name: 'a new empty table is neither', script: 'return {a = {}}', value: { a: EMPTY_TABLE } },
  { name: 'a list is a list', script: 'return {1, 2.5, "x"}', value: [1, 2.5, 'x'] },
  {
    name: 'tables and pairs work without more libraries',
    script: 'local n = 0 for _ in pairs(obj.spec) do n = n + 1 end return n',
    value: 5,
  },
  {
    name: 'ipairs walks conditions',
    script: 'for i, c in ipairs(obj.status.conditions) do return i .. c.type end',
    value: '1Ready',
  },
  {
    name: 'table.concat, table.insert and unpack are there',
    script: 'local t = {"a"} table.insert(t, "b") return table.concat({unpack(t)}, "-")',
    value: 'a-b',
  },
  {
    name: 'require("os") gives time and date',
    script: 'local os = require("os") return os.date("!%Y-%m-%dT%H:%M:%SZ", 0)',
    value: '1970-01-01T00:00:00Z',
  },
  { name: 'string is missing without openLibs (E06)', script: 'return string == nil and math == nil', value: true },
  {
    name: 'string is there with openLibs (E06)',
    script: 'return string.format("%d%%", 5.9) .. ("x"):upper()',
    openLibs: true,
    value: '5%X',
  },
  { name: 'math is there with openLibs (E06)', script: 'return math.floor(2.5)', openLibs: true, value: 2 },
  { name: 'print says nothing and does not fail', script: 'print("x") return true', value: true },
  ...[
    'io',
    'debug',
    'package',
    'dofile',
    'loadfile',
    'module',
    'os.execute',
    'os.getenv',
    'os.remove',
    'put',
    'run',
  ].map((what) => ({
    name: `${what} is missing even with openLibs`,
    script: `return ${what} == nil`,
    openLibs: true as const,
    value: true,
  })),
];

describe('the sandbox', () => {
  it.each(answers)('$name', async ({ script, openLibs, value }) => {
    expect(await run(script, { openLibs: openLibs ?? false })).toMatchObject({ ok: true, value });
  });

  it('gives parameters to actions (E14)', async () => {
    const outcome = await run('return tonumber(actionParams["replicas"])', { parameters: { replicas: '3' } });
    expect(outcome).toEqual({ ok: true, type: 'number', value: 3 });
  });

  it('tells nil from no answer of another type', async () => {
    expect(await run('return nil')).toEqual({ ok: true, type: 'nil', value: undefined });
    expect(await run('local x = 1')).toEqual({ ok: true, type: 'nil', value: undefined });
    expect(await run('return print')).toEqual({ ok: true, type: 'function', value: undefined });
  });

  it('keeps nothing from one script to the next', async () => {
    await run('leak = 1; table.insert = nil; string = nil; getmetatable("").__index = nil', { openLibs: true });
    expect(await run('return leak == nil and table.insert ~= nil and ("x"):len()', { openLibs: true })).toMatchObject({
      value: 1,
    });
  });

  it('takes an object of more than a megabyte', async () => {
    const items = Array.from({ length: 20_000 }, (_, index) => ({ name: `item-${index}`, value: '🚢'.repeat(10) }));
    const big = { ...object, spec: { items } };
    const outcome = await lua.evaluate({ name: 'big', script: 'return #obj.spec.items', openLibs: false, object: big });
    expect(outcome).toEqual({ ok: true, type: 'number', value: 20_000 });
  });
});

const wrong: readonly (readonly [name: string, script: string, message: RegExp])[] = [
  ['does not parse', 'return {', /^<string>:1: .*near .?<eof>/],
  [
    'reads a field of nil',
    'local x\nreturn obj.status.phase.x',
    /^<string>:2: attempt to index field 'phase' \(a nil value\)/,
  ],
  ['raises an error', 'error("boom")', /^<string>:1: boom/],
  ['answers with itself', 'local t = {} t.t = t return t', /nested too deeply/],
  ['answers with a function inside', 'return {a = print}', /holds a function/],
  ['answers with a mixed table', 'return {1, a = 2}', /neither a list nor an object/],
  ['loads bytecode', 'return loadstring("\\27Lua")()', /attempt to call a nil value/],
];

describe('a script that', () => {
  it.each(wrong)('%s is an error with the place', async (_name, script, message) => {
    const outcome = await run(script);
    expect(outcome).toMatchObject({ ok: false, reason: 'error' });
    expect(outcome.ok ? '' : outcome.message).toMatch(message);
  });
});

const endless: readonly (readonly [name: string, script: string])[] = [
  ['loops without an end', 'while true do end'],
  ['catches its own end', 'while true do pcall(function() while true do end end) end'],
  ['matches a pattern without an end', 'return string.find(string.rep("a", 30), string.rep("a-", 30) .. "b")'],
];

const greedy: readonly (readonly [name: string, script: string])[] = [
  ['doubles a text', 'local s = "x" while true do s = s .. s end'],
  ['recurses without an end', 'local function f() return 1 + f() end return f()'],
  ['repeats a text', 'return #string.rep("x", 1e9)'],
  ['grows a table of texts', 'local t = {} for i = 1, 1e9 do t[i] = string.rep("x", 1e6) .. i end'],
];

describe('a script that wants too much (S7)', () => {
  it(`ends after the time limit while others go on: ${endless.map(([name]) => name).join('; ')}`, async () => {
    const strict = createLuaRuntime({ log, timeMs: 3_000, threads: 4 });
    const ask = (script: string) => strict.evaluate({ name: 'x', script, openLibs: true, object });
    const bad = endless.map(([, script]) => ask(script));
    const good = await ask('return "fine"');
    expect(good).toMatchObject({ ok: true, value: 'fine' });
    const reasons = (await Promise.all(bad)).map((outcome) => (outcome.ok ? 'ok' : outcome.reason));
    expect(reasons).toEqual(['timeout', 'timeout', 'timeout']);
    await strict.stop();
  });

  it.each(greedy)('and %s ends at the memory limit, and others go on', async (_name, script) => {
    const outcome = await run(script, { openLibs: true });
    expect(outcome).toMatchObject({ ok: false, reason: 'crashed' });
    expect(await run('return "fine"')).toMatchObject({ ok: true, value: 'fine' });
  });

  it('again and again is switched off, reported once, and does not hold up the other scripts', async () => {
    const quick = createLuaRuntime({ log, timeMs: 100, threads: 1 });
    const ask = (script: string) => quick.evaluate({ name: 'the-loop', script, openLibs: false, object });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => ask('while true do end')));
    const reasons = outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.reason));
    expect(reasons).toEqual(['timeout', 'timeout', ...Array.from({ length: 48 }, () => 'disabled')]);
    expect(lines.filter((line) => line.includes('the-loop'))).toHaveLength(1);
    await quick.stop();
    expect(await ask('return 1')).toMatchObject({ ok: false, reason: 'crashed' });
  });
});
