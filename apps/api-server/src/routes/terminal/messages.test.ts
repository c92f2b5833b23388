import { describe, expect, it } from 'vitest';
import { outputMessage, parseClientMessage } from './messages.js';
import { parseExecStatus } from './remote-command.js';

describe('messages of a terminal (N18)', () => {
  it.each([
    ['{"operation":"stdin","data":"ls\\n"}', { operation: 'stdin', data: 'ls\n' }],
    ['{"operation":"stdin","data":"x","rows":0,"cols":0}', { operation: 'stdin', data: 'x' }],
    ['{"operation":"resize","rows":24,"cols":80}', { operation: 'resize', size: { rows: 24, cols: 80 } }],
    ['{"operation":"resize","rows":0,"cols":80}', undefined],
    ['{"operation":"resize","rows":1.5,"cols":80}', undefined],
    ['{"operation":"resize","rows":24,"cols":70000}', undefined],
    ['{"operation":"stdin","data":1}', undefined],
    ['{"operation":"exec","data":"x"}', undefined],
    ['null', undefined],
    ['[]', undefined],
    ['not JSON', undefined],
  ])('%s', (text, expected) => {
    expect(parseClientMessage(text)).toEqual(expected);
  });

  it('output has the form of Argo CD', () => {
    expect(JSON.parse(outputMessage('a"b'))).toEqual({ operation: 'stdout', data: 'a"b', rows: 0, cols: 0 });
  });
});

describe('how a command ended', () => {
  const exit = (code: string) => ({
    ...{ status: 'Failure', reason: 'NonZeroExitCode', message: 'command terminated with non-zero exit code' },
    details: { causes: [{ reason: 'ExitCode', message: code }] },
  });
  it.each([
    [{ status: 'Success' }, { started: true, message: '' }],
    [exit('1'), { started: true, message: '' }],
    [exit('126'), { started: false, message: 'command terminated with non-zero exit code' }],
    [exit('127'), { started: false, message: 'command terminated with non-zero exit code' }],
    [
      { status: 'Failure', message: 'no such file' },
      { started: false, message: 'no such file' },
    ],
  ])('%j', (status, expected) => {
    expect(parseExecStatus(JSON.stringify(status))).toEqual(expected);
  });

  it('text that is no status counts as its message', () => {
    expect(parseExecStatus('broken')).toEqual({ started: false, message: 'broken' });
  });
});
