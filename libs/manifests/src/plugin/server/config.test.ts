/** plugin.yaml: what is read, and that everything wrong is named (B30). */
import { expect, it } from 'vitest';
import { parsePluginConfig } from './config.js';

const parse = (spec: string, metadata = 'name: my-plugin') =>
  parsePluginConfig(
    `apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\nmetadata:\n  ${metadata}\nspec:\n${spec}`,
    'plugin.yaml',
  );

it('the documented example of Argo CD is understood whole', () => {
  const spec = parse(`
  version: v1.0
  init:
    command: [sh]
    args: [-c, 'echo "Initializing..."']
  generate:
    command: [sh, -c]
    args:
      - |
        echo generate
  discover:
    fileName: "./subdir/s*.yaml"
    find:
      glob: "**/Chart.yaml"
      command: [sh, -c, find . -name env.yaml]
  parameters:
    static:
      - name: string-param
        title: Description of the string param
        tooltip: Tooltip
        required: false
        itemType: ""
        collectionType: ""
        string: default-string-value
      - name: array-param
        array: [default, items]
        collectionType: array
      - name: map-param
        map:
          some: value
        collectionType: map
    dynamic:
      command: [echo, '[{"name": "example-param", "string": "default-string-value"}]']
  preserveFileMode: false
  provideGitCreds: false
`);
  expect(spec).toEqual({
    name: 'my-plugin-v1.0',
    init: { command: ['sh', '-c', 'echo "Initializing..."'] },
    generate: { command: ['sh', '-c', 'echo generate\n'] },
    discover: { kind: 'fileName', pattern: './subdir/s*.yaml' },
    parameters: {
      static: [
        {
          ...{ name: 'string-param', title: 'Description of the string param', tooltip: 'Tooltip', required: false },
          ...{ itemType: '', collectionType: '', string: 'default-string-value' },
        },
        { name: 'array-param', array: ['default', 'items'], collectionType: 'array' },
        { name: 'map-param', map: { some: 'value' }, collectionType: 'map' },
      ],
      dynamic: { command: ['echo', '[{"name": "example-param", "string": "default-string-value"}]'] },
    },
    preserveFileMode: false,
    provideGitCreds: false,
    network: 'allowed',
    ignoresRevision: false,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it.each([
  [
    'a file name before the others',
    'fileName: a\n    find: {glob: b, command: [c]}',
    { kind: 'fileName', pattern: 'a' },
  ],
  ['a glob before a command', 'find: {glob: b, command: [c]}', { kind: 'glob', pattern: 'b' }],
  ['a command with arguments', 'find: {command: [c], args: [d]}', { kind: 'command', run: { command: ['c', 'd'] } }],
  ['none when nothing is given', 'find: {}', undefined],
])('the rule of discovery is %s', (_name, discover, expected) => {
  expect(parse(`  generate: {command: [x]}\n  discover:\n    ${discover}`).discover).toEqual(expected);
});

it('annotations of Tiphys declare what a plugin does without', () => {
  const metadata = 'name: p\n  annotations: {tiphys.dev/network: denied, tiphys.dev/revision: ignored}';
  expect(parse('  generate: {command: [x]}', metadata)).toMatchObject({ network: 'denied', ignoresRevision: true });
});

it.each([
  ['no generate', '  init: {command: [x]}', 'spec.generate must have command and args'],
  ['an empty generate', '  generate: {command: []}', 'spec.generate.command must not be empty'],
  ['a command that is a text', '  generate: {command: sh}', 'spec.generate.command must be a list of texts'],
  [
    'a number among the arguments',
    '  generate: {command: [sleep, 3]}',
    'spec.generate.command.1 must be a text; put it in quotes',
  ],
  [
    'a version that cannot be in a file name',
    '  version: a/b\n  generate: {command: [x]}',
    'spec.version must consist of letters',
  ],
  [
    'a flag that is a text',
    '  preserveFileMode: "yes"\n  generate: {command: [x]}',
    'spec.preserveFileMode must be true or false',
  ],
  [
    'a parameter without a name',
    '  generate: {command: [x]}\n  parameters: {static: [{string: a}]}',
    'spec.parameters.static.0.name must be a text',
  ],
  [
    'an unknown collection',
    '  generate: {command: [x]}\n  parameters: {static: [{name: a, collectionType: set}]}',
    'collectionType must be string, array or map',
  ],
  [
    'a fetch command',
    '  generate: {command: [x]}\n  fetch: {command: [git]}',
    'spec.fetch is not supported: sources come from the repo-server',
  ],
])('%s is refused', (_name, spec, message) => {
  expect(() => parse(spec)).toThrow(message);
  expect(() => parse(spec)).toThrow(/^plugin\.yaml describes no plugin: .* Correct it and restart the sidecar\.$/);
});

it.each([
  [
    'another kind',
    'apiVersion: argoproj.io/v1alpha1\nkind: ConfigMap\nmetadata: {name: x}\nspec: {generate: {command: [x]}}',
    'kind must be ConfigManagementPlugin',
  ],
  [
    'a name that leaves the folder',
    'apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\nmetadata: {name: ../x}\nspec: {generate: {command: [x]}}',
    'metadata.name must consist of letters',
  ],
  [
    'an unknown value of an annotation',
    'apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\nmetadata: {name: x, annotations: {tiphys.dev/network: "no"}}\nspec: {generate: {command: [x]}}',
    'tiphys.dev/network must be allowed or denied',
  ],
  ['a list', '- a', 'the file'],
  ['nothing', '', 'apiVersion must be argoproj.io/v1alpha1'],
  ['broken YAML', 'a: [', 'not valid YAML'],
])('a file with %s is refused', (_name, text, message) => {
  expect(() => parsePluginConfig(text, 'plugin.yaml')).toThrow(message);
});
