/** The audit log in real files, and what it does while it cannot be written. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics, silentLogger, systemClock } from '@tiphys/runtime';
import { eventually, removeDirectory, temporaryDirectory } from '@tiphys/testing';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { verifyChain } from './chain.js';
import type { AuditSink } from './ports.js';
import { createFileSink, createStreamSink } from './sinks.js';
import { type AuditTrail, createAuditMetrics, createAuditTrail } from './trail.js';

const directory = temporaryDirectory('audit');
let count = 0;
let path: string;
let metrics: ReturnType<typeof createMetrics>;
let counted: ReturnType<typeof createAuditMetrics>;
beforeEach(() => {
  count += 1;
  path = join(directory, `${count}.log`);
  metrics = createMetrics({ processMetrics: false });
  counted = createAuditMetrics(metrics);
});
afterAll(() => removeDirectory(directory));

const open = (sink: AuditSink, options: { readonly maxWaiting?: number } = {}): AuditTrail =>
  createAuditTrail({
    ...{ sink, clock: systemClock, log: silentLogger, metrics: counted, retryMs: 5 },
    ...options,
  });
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const record = (trail: AuditTrail, from: number, to: number) => {
  for (let index = from; index <= to; index += 1) trail.record({ index });
};

it('keeps every line in order, over a restart in one chain', async () => {
  const first = open(createFileSink(path));
  record(first, 1, 1_200);
  await first.stop();
  const second = open(createFileSink(path));
  record(second, 1_201, 1_300);
  await second.stop();
  const lines = linesOf(path);
  expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(
    Array.from({ length: 1_300 }, (_, index) => index + 1),
  );
  expect(await verifyChain(lines)).toMatchObject({ ok: true, lines: 1_300, chains: [{ first: 1, last: 1_300 }] });
});

it('follows a rotation by renaming; both files together are one chain', async () => {
  const trail = open(createFileSink(path));
  record(trail, 1, 3);
  await eventually(() => expect(linesOf(path)).toHaveLength(3));
  renameSync(path, `${path}.1`);
  record(trail, 4, 5);
  await trail.stop();
  expect(await verifyChain([...linesOf(`${path}.1`), ...linesOf(path)])).toMatchObject({
    chains: [{ first: 1, last: 5 }],
  });
});

it('goes on after a line that a crash cut off', async () => {
  const first = open(createFileSink(path));
  record(first, 1, 2);
  await first.stop();
  appendFileSync(path, '{"audit":true,"sequ');
  const second = open(createFileSink(path));
  record(second, 3, 3);
  await second.stop();
  const lines = linesOf(path);
  expect(await verifyChain(lines)).toMatchObject({ ok: false, line: 3 });
  expect(await verifyChain(lines.toSpliced(2, 1))).toMatchObject({ ok: true, chains: [{ first: 1, last: 3 }] });
});

it('says that it cannot be written, loses what is too much, and tells so when it can be written again', async () => {
  mkdirSync(path);
  const trail = open(createFileSink(path), { maxWaiting: 3 });
  record(trail, 1, 10);
  await eventually(() => expect(trail.status()).toMatchObject({ ok: false }));
  record(trail, 11, 20);
  expect(trail.status().message).toMatch(/not written since .*EISDIR.*are lost/);
  expect(await metrics.render()).toContain('tiphys_audit_sink_up 0');
  rmSync(path, { recursive: true });
  await eventually(() => expect(trail.status()).toEqual({ ok: true, message: 'written' }));
  await trail.stop();
  const lines = linesOf(path);
  expect(await verifyChain(lines)).toMatchObject({ ok: true });
  const told = lines.map((line) => JSON.parse(line) as { index?: number; lost?: number });
  expect(told.filter(({ index }) => index !== undefined).length + (told.find(({ lost }) => lost)?.lost ?? 0)).toBe(20);
  const rendered = await metrics.render();
  expect(rendered).toContain('tiphys_audit_sink_up 1');
  expect(rendered).toMatch(/tiphys_audit_lines_lost_total 1\d/);
});

it('stops in time when it cannot be written', async () => {
  mkdirSync(path);
  const trail = open(createFileSink(path));
  record(trail, 1, 1);
  await trail.stop();
  expect(trail.status()).toMatchObject({ ok: false });
});

it('writes marked lines to standard output', async () => {
  const written: string[] = [];
  const sink = createStreamSink({
    write: (text, done) => {
      written.push(text);
      done();
    },
  });
  const trail = open(sink);
  record(trail, 1, 2);
  await trail.stop();
  expect(await verifyChain(written.join('').split('\n'))).toMatchObject({ ok: true, lines: 2 });
});
