/** Health cases are data: `testdata/<kind>/<expected>-<case>.yaml`; a first line `# message: …` is the expected message. */
import { readdirSync, readFileSync } from 'node:fs';
import type { KubernetesObject } from '@tiphys/model';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { assessHealth } from './assess-health.js';

const TESTDATA = new URL('./testdata/', import.meta.url);
const CODES: Readonly<Record<string, string>> = {
  healthy: 'Healthy',
  suspended: 'Suspended',
  progressing: 'Progressing',
  degraded: 'Degraded',
  unknown: 'Unknown',
};

const cases = readdirSync(TESTDATA).flatMap((kind) =>
  readdirSync(new URL(`${kind}/`, TESTDATA)).map((file) => {
    const text = readFileSync(new URL(`${kind}/${file}`, TESTDATA), 'utf8');
    const [expected = '', ...words] = file.replace(/\.yaml$/, '').split('-');
    const message = /^# message: (.*)\n/.exec(text)?.[1];
    return { kind, name: words.join(' '), expected, message, text };
  }),
);

describe('health of a live object', () => {
  it.each(cases)('$kind, $name: $expected', ({ expected, message, text }) => {
    const live = load(text) as KubernetesObject;
    const status = CODES[expected];
    const wanted = status === undefined ? undefined : { status, ...(message === undefined ? {} : { message }) };
    expect(assessHealth(live)).toEqual(wanted);
  });

  it('is told by a configured check first (E07)', () => {
    const live: KubernetesObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'child' },
    };
    expect(assessHealth(live, () => ({ status: 'Degraded', message: 'as configured' }))).toEqual({
      status: 'Degraded',
      message: 'as configured',
    });
    expect(assessHealth(live, () => undefined)).toBeUndefined();
  });

  it('does not fail on fields of the wrong type', () => {
    const live: KubernetesObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'odd', generation: 1 },
      spec: 'text',
      status: { observedGeneration: 1n, conditions: [null, 7], replicas: '3' },
    };
    expect(assessHealth(live)).toEqual({ status: 'Healthy' });
  });
});
