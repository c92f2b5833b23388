/** index.yaml in the ways that people write it: the versions of one chart are the same, whichever way they are found. */
import { describe, expect, it } from 'vitest';
import { chartVersions, listCharts } from './index-file.js';

const DIGEST = 'a'.repeat(64);
const ENTRIES = [
  { version: '1.1.0', digest: DIGEST, urls: ['web-1.1.0.tgz'] },
  { version: '1.0.0', digest: '', urls: ['https://elsewhere.example/web-1.0.0.tgz'] },
];
const entry = (indent: string): string =>
  [
    `- apiVersion: v2`,
    `  digest: ${DIGEST}`,
    `  description: |`,
    `    other:`,
    `  name: web`,
    `  urls:`,
    `  - web-1.1.0.tgz`,
    `  version: 1.1.0`,
    `- version: 1.0.0`,
    `  urls: [https://elsewhere.example/web-1.0.0.tgz]`,
    `- version: 0.9.0`,
  ]
    .map((line) => indent + line)
    .join('\n');

describe('index.yaml', () => {
  it.each<[string, string]>([
    [
      'as helm writes it',
      `apiVersion: v1\nentries:\n  other:\n  - version: 1.0.0\n    urls: [x]\n  web:\n${entry('  ')}\n  zoo:\n  - version: 1.0.0\ngenerated: "x"\n`,
    ],
    ['with deeper lists', `apiVersion: v1\nentries:\n  web:\n${entry('    ')}\n`],
    ['with four spaces and quoted names', `entries:\n    "web":\n${entry('    ')}\n    'zoo': []\n`],
    ['with Windows lines', `entries:\n  web:\n${entry('  ')}\n  zoo: []\n`.replaceAll('\n', '\r\n')],
    ['with comments and empty lines', `# c\nentries:\n# c\n\n  web:\n  # c\n\n${entry('  ')}\n`],
    ['with an anchor from elsewhere', `x: &d ${DIGEST}\nentries:\n  web:\n${entry('  ').replace(DIGEST, '*d')}\n`],
    [
      'as JSON',
      JSON.stringify({ entries: { web: [...ENTRIES.map((item) => ({ ...item, digest: item.digest || undefined }))] } }),
    ],
    [
      'with a digest that names its algorithm',
      `entries:\n  web:\n${entry('  ').replace(DIGEST, `sha256:${DIGEST.toUpperCase()}`)}\n`,
    ],
  ])('%s', (_name, text) => {
    expect(chartVersions(text, 'web', 'index')).toEqual(ENTRIES);
    const listed = listCharts(text, 'index').find(({ name }) => name === 'web');
    expect(listed?.versions.slice(0, 2)).toEqual(['1.1.0', '1.0.0']);
  });

  it('all charts are listed, without what stands in lists of their entries', () => {
    const dependencies = (indent: string) =>
      ['dependencies:', '- name: inner', '  version: 9.9.9'].map((line) => `${indent}${line}`).join('\n');
    const entries = [
      `  web:\n  - name: web\n${dependencies('    ')}\n    version: '1.0.0'\n  - version: "0.9.0"\n    name: web`,
      `  shop.v2:\n  - description: |\n      version: 3\n    version: 2.0.0+build.1`,
    ];
    expect(listCharts(`apiVersion: v1\nentries:\n${entries.join('\n')}\ngenerated: now\n`, 'index')).toEqual([
      { name: 'web', versions: ['1.0.0', '0.9.0'] },
      { name: 'shop.v2', versions: ['2.0.0+build.1'] },
    ]);
    expect(listCharts('entries: {}\n', 'index')).toEqual([]);
    expect(() => listCharts('<html>', 'index')).toThrow(/is no index of a Helm repository/);
  });

  it.each([
    ['a chart that is not there', 'entries:\n  web: []\n', 'nope'],
    ['no entries', 'apiVersion: v1\n', 'web'],
    ['a name of the language', 'entries: {}\n', 'constructor'],
    ['entries that are no list', 'entries:\n  web: 1\n', 'web'],
  ])('nothing for %s', (_name, text, chart) => {
    expect(chartVersions(text, chart, 'index')).toEqual([]);
  });

  it('one chart of a large index is found without reading the others as YAML', () => {
    const others = Array.from(
      { length: 60_000 },
      (_, index) => `  c${index}:\n  - version: 1.0.0\n    urls: [c-${index}.tgz]\n    broken: [}`,
    );
    const text = `entries:\n${others.join('\n')}\n  web:\n${entry('  ')}\n`;
    const started = performance.now();
    expect(chartVersions(text, 'web', 'index')).toEqual(ENTRIES);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
