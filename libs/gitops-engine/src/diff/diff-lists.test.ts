import { describe } from 'vitest';
import { applied, both, by, container, f, itJudges, leaf, pod, podFields, type Row } from './testing/cases.js';

const LISTS: readonly Row[] = [
  {
    name: 'elements of a keyed list are matched by key, whatever others added before them',
    ...both('apps/v1 Deployment', {
      target: pod({ containers: [{ name: 'app', image: 'a:1' }] }),
      live: pod({
        containers: [
          { name: 'injected', image: 'p:1' },
          { name: 'app', image: 'a:1' },
        ],
      }),
      fields: [
        applied(podFields(f({ containers: container('app', { image: leaf }) }))),
        by('injector', podFields(f({ containers: container('injected', { image: leaf }) }))),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'a changed field of a keyed element is named by its key',
    ...both('apps/v1 Deployment', {
      target: pod({ containers: [{ name: 'app', image: 'a:2' }] }),
      live: pod({ containers: [{ name: 'app', image: 'a:1' }] }),
      fields: [applied(podFields(f({ containers: container('app', { image: leaf }) })))],
    }),
    verdict: 'different',
    paths: ['spec.template.spec.containers[name=app].image'],
  },
  {
    name: 'an element that only Git has is missing',
    ...both('apps/v1 Deployment', {
      target: pod({
        containers: [
          { name: 'app', image: 'a:1' },
          { name: 'log', image: 'l:1' },
        ],
      }),
      live: pod({ containers: [{ name: 'app', image: 'a:1' }] }),
      fields: [applied(podFields(f({ containers: container('app', { image: leaf }) })))],
    }),
    verdict: 'different',
    paths: ['spec.template.spec.containers[name=log]'],
  },
  {
    name: 'an element that we applied and Git no longer has is to be removed',
    ...both('apps/v1 Deployment', {
      target: pod({ containers: [{ name: 'app', image: 'a:1' }] }),
      live: pod({
        containers: [
          { name: 'app', image: 'a:1' },
          { name: 'log', image: 'l:1' },
        ],
      }),
      fields: [
        applied(
          podFields(f({ containers: { ...container('app', { image: leaf }), ...container('log', { image: leaf }) } })),
        ),
      ],
    }),
    verdict: 'different',
    paths: ['spec.template.spec.containers[name=log]'],
  },
  {
    name: 'another order of keyed elements is for the API server to judge',
    ...both('apps/v1 Deployment', {
      target: pod({
        containers: [
          { name: 'b', image: 'b' },
          { name: 'a', image: 'a' },
        ],
      }),
      live: pod({
        containers: [
          { name: 'a', image: 'a' },
          { name: 'b', image: 'b' },
        ],
      }),
      fields: [
        applied(
          podFields(f({ containers: { ...container('a', { image: leaf }), ...container('b', { image: leaf }) } })),
        ),
      ],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a key that the target leaves to its default matches the element with the default (finding 5)',
    ...both('v1 Service', {
      target: { spec: { ports: [{ port: 53, name: 'dns' }] } },
      live: {
        spec: {
          ports: [
            { port: 53, protocol: 'UDP', name: 'u' },
            { port: 53, protocol: 'TCP', name: 'dns', targetPort: 53 },
          ],
        },
      },
      fields: [
        applied(
          f({
            spec: f({ ports: { 'k:{"port":53,"protocol":"TCP"}': { '.': {}, ...f({ port: leaf, name: leaf }) } } }),
          }),
        ),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'duplicate keys that are the same on both sides are equal (finding 6)',
    ...both('apps/v1 Deployment', {
      target: pod({
        containers: [
          {
            name: 'app',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      }),
      live: pod({
        containers: [
          {
            name: 'app',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      }),
    }),
    verdict: 'equal',
  },
  {
    name: 'duplicate keys that are not the same are for the API server to judge (finding 6)',
    ...both('apps/v1 Deployment', {
      target: pod({
        containers: [
          {
            name: 'app',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '3' },
            ],
          },
        ],
      }),
      live: pod({
        containers: [
          {
            name: 'app',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      }),
    }),
    verdict: 'unsure',
  },
  {
    name: 'members that others added to a set do not count',
    ...both('example.com/v1 Widget', {
      target: { spec: { tags: ['red'] } },
      live: { spec: { tags: ['red', 'blue'] } },
      fields: [
        applied(f({ spec: f({ tags: { 'v:"red"': leaf } }) })),
        by('x', f({ spec: f({ tags: { 'v:"blue"': leaf } }) })),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'a member of a set that Git adds is missing',
    ...both('example.com/v1 Widget', {
      target: { spec: { tags: ['red', 'green'] } },
      live: { spec: { tags: ['red'] } },
      fields: [applied(f({ spec: f({ tags: { 'v:"red"': leaf } }) }))],
    }),
    verdict: 'different',
    paths: ['spec.tags[=green]'],
  },
  {
    name: 'an atomic list of another length differs as a whole',
    ...both('rbac.authorization.k8s.io/v1 Role', {
      target: { rules: [{ verbs: ['get'] }] },
      live: { rules: [{ verbs: ['get'] }, { verbs: ['list'] }] },
      fields: [applied(f({ rules: leaf }))],
    }),
    verdict: 'different',
    paths: ['rules'],
  },
  {
    name: 'a field missing inside an atomic list may be removed or defaulted (finding 3)',
    ...both('example.com/v1 Widget', {
      target: { spec: { steps: [{ run: 'a' }] } },
      live: { spec: { steps: [{ run: 'a', retries: 2 }] } },
      fields: [applied(f({ spec: f({ steps: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a known default inside an atomic list of a built-in type is equal (finding 3)',
    ...both('networking.k8s.io/v1 NetworkPolicy', {
      target: { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
      live: { spec: { ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }], policyTypes: ['Ingress'] } },
      fields: [applied(f({ spec: f({ ingress: leaf }) }))],
    }),
    verdict: 'equal',
  },
  {
    name: 'another value than the default inside an atomic list is not equal (finding 3)',
    ...both('networking.k8s.io/v1 NetworkPolicy', {
      target: { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
      live: { spec: { ingress: [{ ports: [{ port: 80, protocol: 'UDP' }] }] } },
      fields: [by('x', f({ spec: f({ ingress: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a list of a custom resource that nobody owns is equal only when it is the same',
    ...both('example.com/v1 Widget', { target: { spec: { list: [{ a: 1 }] } }, live: { spec: { list: [{ a: 1 }] } } }),
    verdict: 'equal',
  },
  {
    name: 'a list of a custom resource that nobody owns and that is not the same is for the API server to judge',
    ...both('example.com/v1 Widget', {
      target: { spec: { list: [{ a: 1 }] } },
      live: { spec: { list: [{ a: 2 }] } },
      fields: [by('x', f({ spec: f({ other: leaf }) }))],
    }),
    verdict: 'unsure',
  },
];

describe('lists', () => {
  itJudges(LISTS);
});
