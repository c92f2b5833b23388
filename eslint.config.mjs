/** Lint: boundaries between projects, purity of the engine, promise safety and size caps. Formatting is Biome's. */
import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const IO_PACKAGES = ['@kubernetes/client-node', 'bullmq', 'ioredis', 'fastify', '@grpc/*', 'nodegit', 'pino', 'undici'];

/** The import rule of docs/architecture.md; the layers a project may depend on, by tag. */
const depConstraints = [
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:domain', 'type:adapter', 'type:util', 'type:model'] },
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:model'], bannedExternalImports: IO_PACKAGES },
  { sourceTag: 'type:adapter', onlyDependOnLibsWithTags: ['type:util', 'type:model'] },
  { sourceTag: 'type:util', onlyDependOnLibsWithTags: ['type:model'] },
  { sourceTag: 'type:model', onlyDependOnLibsWithTags: ['type:model'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:model', 'type:testing'] },
  // Benchmarks time pure decisions, too.
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:model', 'type:testing', 'type:domain'] },
  { sourceTag: 'platform:any', onlyDependOnLibsWithTags: ['platform:any'] },
  { sourceTag: 'platform:browser', onlyDependOnLibsWithTags: ['platform:any'] },
];
const boundaries = (constraints) => [
  'error',
  { allow: [], depConstraints: constraints, enforceBuildableLibDependency: false },
];
/** Tests may also use the harness; everything else of the rule stays. */
const testConstraints = depConstraints
  .filter((rule) => !rule.sourceTag.startsWith('platform:'))
  .map((rule) => ({ ...rule, onlyDependOnLibsWithTags: [...rule.onlyDependOnLibsWithTags, 'type:testing'] }));

const NO_ENV = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Read configuration in libs/runtime only.',
};
const NO_ENUM = { selector: 'TSEnumDeclaration', message: 'Use an `as const` array and its union type.' };
const NO_MOCK = {
  selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^(mock|doMock)$/]",
  message: 'Do not mock our own modules; use the real part or a port.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/gen/**', '**/node_modules/**', '.nx/**', 'reports/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { '@nx': nx, 'import-x': importX },
    languageOptions: { parserOptions: { project: ['./tsconfig.check.json'], tsconfigRootDir: import.meta.dirname } },
    settings: {
      'import-x/resolver': { typescript: true },
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(depConstraints),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-cycle': ['error', { ignoreExternal: true, maxDepth: 8 }],
      'no-empty': 'error',
      'no-restricted-syntax': ['error', NO_ENV, NO_ENUM, NO_MOCK],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      'max-depth': ['error', 3],
      complexity: ['error', 12],
    },
  },
  {
    files: [
      'libs/gitops-engine/**/*.ts',
      'libs/rbac/**/*.ts',
      'libs/settings/**/*.ts',
      'libs/model/**/*.ts',
      'libs/api-contract/**/*.ts',
    ],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'This library is pure: no I/O.' }] },
      ],
    },
  },
  {
    // Handlers are plain functions: REST is one of their bindings, made in route.ts.
    files: ['apps/api-server/src/{applications,auth,kube,routes}/**/*.ts'],
    ignores: ['**/*.test.ts', '**/route.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['fastify', '@fastify/*', 'node:http', '**/http/bind.js', '**/http/stream.js', '**/http/types.js'],
              message:
                'Handlers know no transport: types are in http/handler.ts and http/context.ts, bindings in route.ts.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/runtime/**/*.ts', 'libs/testing/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts', 'tools/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_ENUM, NO_MOCK] },
  },
  {
    files: ['vitest.config.ts'],
    rules: { 'import-x/no-default-export': 'off', '@nx/enforce-module-boundaries': 'off' },
  },
  {
    // What several tests of an app share; nothing else imports it.
    files: ['apps/*/src/testing/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(testConstraints) },
  },
  {
    files: ['**/*.test.ts', 'libs/testing/**/*.ts', 'apps/*/src/surface/**/*.ts', 'apps/*/src/access/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(testConstraints),
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
