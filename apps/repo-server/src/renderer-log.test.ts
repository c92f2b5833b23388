import type { RendererStartReport } from '@tiphys/manifests';
import { expect, it } from 'vitest';
import { rendererLog } from './renderer-log.js';

it('warns once for each tool and reason', () => {
  const lines: string[] = [];
  const line =
    (level: string) =>
    (message: string, fields?: object): void =>
      void lines.push(`${level} ${message.split(':')[0]} ${JSON.stringify(fields)}`);
  const report = rendererLog({ debug: line('debug'), warn: line('warn') });
  const starts: readonly RendererStartReport[] = [
    { tool: 'helm', outcome: 'used', sealed: ['files', 'network'] },
    { tool: 'helm', outcome: 'failed' },
    { tool: 'helm', outcome: 'failed' },
    { tool: 'kustomize', outcome: 'otherVersion' },
    { tool: 'jsonnet', outcome: 'used', sealed: ['network'] },
    { tool: 'jsonnet', outcome: 'used', sealed: ['network'] },
  ];
  for (const start of starts) report(start);
  expect(lines.filter((text) => text.startsWith('warn'))).toEqual([
    'warn the renderer of a tool does not start {"tool":"helm"}',
    'warn the renderer of a tool is of another version than the tool {"tool":"kustomize"}',
    'warn the kernel cannot seal renderers; their other limits hold {"tool":"jsonnet","open":["files"]}',
  ]);
});
