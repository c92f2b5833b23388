import { describe, expect, it } from 'vitest';
import { compileKindRules, healthOfAnswer, type ScriptAnswer } from './health-scripts.js';

const rule = (group: string, kind: string) => ({ group, kind, id: `${group}/${kind}` });
const RULES = [rule('*.crossplane.io', '*'), rule('*', 'Bucket'), rule('s3.crossplane.io', 'Bucket'), rule('', 'Pod')];

describe('the script for a kind (E07)', () => {
  it.each([
    {
      name: 'the exact entry wins over a wildcard before it',
      asked: 's3.crossplane.io/Bucket',
      id: 's3.crossplane.io/Bucket',
    },
    { name: 'the first wildcard that fits is taken', asked: 'ec2.crossplane.io/Bucket', id: '*.crossplane.io/*' },
    { name: 'a wildcard in the group alone', asked: 'example.com/Bucket', id: '*/Bucket' },
    { name: 'the core group is the empty one', asked: '/Pod', id: '/Pod' },
    { name: 'no entry', asked: 'apps/Deployment', id: undefined },
  ])('$name', ({ asked, id }) => {
    const [group = '', kind = ''] = asked.split('/');
    expect(compileKindRules(RULES)({ group, kind })?.id).toBe(id);
  });
});

const table = (value: unknown): ScriptAnswer => ({ ok: true, type: 'table', value });

describe('the answer of a health script (E05)', () => {
  it.each<readonly [string, ScriptAnswer, unknown]>([
    ['status and message are taken', table({ status: 'Degraded', message: 'm' }), { status: 'Degraded', message: 'm' }],
    ['an empty message is left out', table({ status: 'Healthy', message: '' }), { status: 'Healthy' }],
    ['an unknown status is Unknown', table({ status: 'Fine' }), unknown('Lua returned an invalid health status')],
    ['a table without a status is Unknown', table({}), unknown('Lua returned an invalid health status')],
    ['a list is Unknown', table([1]), unknown('Lua returned an invalid health status')],
    ['nil is no health', { ok: true, type: 'nil', value: undefined }, 'none'],
    [
      'a text is Unknown',
      { ok: true, type: 'string', value: 'Healthy' },
      unknown('expect table output from Lua script, not string'),
    ],
    ['a failure is Unknown with the reason', { ok: false, message: '<string>:1: boom' }, unknown('<string>:1: boom')],
  ])('%s', (_name, answer, expected) => {
    expect(healthOfAnswer(answer)).toEqual(expected);
  });
});

function unknown(message: string) {
  return { status: 'Unknown', message };
}
