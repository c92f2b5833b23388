import { describe } from 'vitest';
import { applied, both, by, container, f, itJudges, leaf, object, pod, podFields, type Row } from './testing/cases.js';

const FIELDS: readonly Row[] = [
  {
    name: 'a field that neither Git sets nor we own is somebody else’s',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true } },
      live: { spec: { paused: true, replicas: 7 } },
      fields: [applied(f({ spec: f({ paused: leaf }) })), by('hpa', f({ spec: f({ replicas: leaf }) }))],
    }),
    verdict: 'equal',
  },
  {
    name: 'a field that we applied and Git no longer has was removed or is defaulted back',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true } },
      live: { spec: { paused: true, replicas: 3 } },
      fields: [applied(f({ spec: f({ paused: leaf, replicas: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a field that another manager owns with us stays when Git drops it',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true } },
      live: { spec: { paused: true, replicas: 3 } },
      fields: [
        applied(f({ spec: f({ paused: leaf, replicas: leaf }) })),
        by('hpa', f({ spec: f({ replicas: leaf }) })),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'a label that we applied and Git no longer has is to be removed',
    ...both('v1 ConfigMap', {
      target: {},
      live: { metadata: { labels: { gone: 'x' } } },
      fields: [applied(f({ metadata: f({ labels: f({ gone: leaf }) }) }))],
    }),
    verdict: 'different',
    paths: ['metadata.labels.gone'],
  },
  {
    name: 'a foreign label does not count',
    ...both('v1 ConfigMap', {
      target: { metadata: { labels: { a: 'x' } } },
      live: { metadata: { labels: { a: 'x', theirs: 'y' } } },
      fields: [
        applied(f({ metadata: f({ labels: f({ a: leaf }) }) })),
        by('x', f({ metadata: f({ labels: f({ theirs: leaf }) }) })),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'a data key that we applied and Git no longer has is to be removed',
    ...both('v1 ConfigMap', {
      target: { data: { a: '1' } },
      live: { data: { a: '1', b: '2' } },
      fields: [applied(f({ data: f({ a: leaf, b: leaf }) }))],
    }),
    verdict: 'different',
    paths: ['data.b'],
  },
  {
    name: 'a field that somebody removed is missing',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true, minReadySeconds: 5 } },
      live: { spec: { paused: true } },
      fields: [applied(f({ spec: f({ paused: leaf }) }))],
    }),
    verdict: 'different',
    paths: ['spec.minReadySeconds'],
  },
  {
    name: 'a field that we own although it is not there was not stored',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true, gated: 'on' } },
      live: { spec: { paused: true } },
      fields: [applied(f({ spec: f({ paused: leaf, gated: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'an atomic map that we own as a leaf does not hide a key added by others (finding 1)',
    ...both('networking.k8s.io/v1 NetworkPolicy', {
      target: { spec: { podSelector: { matchLabels: { app: 'a' } } } },
      live: { spec: { podSelector: { matchLabels: { app: 'a', extra: 'b' } } } },
      fields: [applied(f({ spec: f({ podSelector: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a default inside an atomic map of a built-in type is equal (finding 1)',
    ...both('apps/v1 Deployment', {
      target: pod({
        containers: [{ name: 'app', env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] }],
      }),
      live: pod({
        containers: [
          {
            name: 'app',
            env: [{ name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
          },
        ],
      }),
      fields: [
        applied(
          podFields(
            f({
              containers: container('app', {
                env: { 'k:{"name":"IP"}': { '.': {}, ...f({ name: leaf, valueFrom: f({ fieldRef: leaf }) }) } },
              }),
            }),
          ),
        ),
      ],
    }),
    verdict: 'equal',
  },
  {
    name: 'an empty apiGroup of a role binding is the default (finding 2)',
    ...both('rbac.authorization.k8s.io/v1 RoleBinding', {
      target: {
        roleRef: { apiGroup: '', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 's', apiGroup: '' }],
      },
      live: {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 's' }],
      },
      fields: [applied(f({ roleRef: leaf, subjects: leaf }))],
    }),
    verdict: 'equal',
  },
  {
    name: 'empty text where the live object has a value may be defaulted (finding 2)',
    ...both('v1 Service', { target: { spec: { type: '' } }, live: { spec: { type: 'ClusterIP' } } }),
    verdict: 'unsure',
  },
  {
    name: 'an annotation that Kubernetes turns into fields is for the API server to judge (finding 4)',
    ...both('autoscaling/v2 HorizontalPodAutoscaler', {
      target: { metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/metrics': '[]' } } },
      live: { metadata: { annotations: {} } },
      fields: [applied(f({ metadata: f({ annotations: leaf }) }))],
    }),
    verdict: 'unsure',
  },
  {
    name: 'a label of Kubernetes that somebody removed is different: our apply is on record without it',
    ...both('discovery.k8s.io/v1 EndpointSlice', {
      target: { metadata: { labels: { 'kubernetes.io/service-name': 'web' } } },
      live: { metadata: { labels: {} } },
      fields: [applied(f({ metadata: f({ labels: leaf }) }))],
    }),
    verdict: 'different',
  },
  {
    name: 'empty text in a map of texts is stored: a value of others in its place differs',
    ...both('v1 ConfigMap', {
      target: { data: { empty: '' } },
      live: { data: { empty: 'x' } },
      fields: [by('somebody', f({ data: f({ empty: leaf }) }))],
    }),
    verdict: 'different',
    paths: ['data.empty'],
  },
  {
    name: 'a key with empty text that is gone differs, whatever the key is called',
    ...both('v1 ConfigMap', {
      target: { data: { value: '', other: 'x' } },
      live: { data: { other: 'x' } },
      fields: [applied(f({ data: f({ other: leaf }) }))],
    }),
    verdict: 'different',
    paths: ['data.value'],
  },
  {
    name: 'what somebody removed as a whole, our entry with it, differs',
    ...both('policy/v1 PodDisruptionBudget', { target: { spec: { minAvailable: 1 } }, live: { spec: {} } }),
    verdict: 'different',
    paths: ['spec.minAvailable'],
  },
  {
    name: 'a list that others have set to null differs from one with elements',
    ...both('rbac.authorization.k8s.io/v1 Role', {
      target: { rules: [{ verbs: ['get'] }] },
      live: { rules: null },
      fields: [applied(f({ rules: leaf }))],
    }),
    verdict: 'different',
    paths: ['rules'],
  },
  {
    name: 'a field that is only stored when it is not empty, and is not empty any more, differs',
    ...both('apps/v1 Deployment', {
      target: pod({ hostNetwork: true }),
      live: pod({}),
      fields: [applied(podFields(f({ hostNetwork: leaf })))],
    }),
    verdict: 'different',
    paths: ['spec.template.spec.hostNetwork'],
  },
  {
    name: 'a live object read in another version than the target is never equal in process',
    target: object('autoscaling/v1 HorizontalPodAutoscaler', { spec: { maxReplicas: 3 } }),
    live: object('autoscaling/v2 HorizontalPodAutoscaler', { spec: { maxReplicas: 3 } }),
    verdict: 'unsure',
  },
  {
    name: 'fields last applied in another version may have had other names',
    ...both('autoscaling/v2 HorizontalPodAutoscaler', {
      target: { spec: { maxReplicas: 3 } },
      live: { spec: { maxReplicas: 3, metrics: [{ type: 'Resource' }] } },
      fields: [
        applied(f({ spec: f({ maxReplicas: leaf, targetCPUUtilizationPercentage: leaf }) }), {
          apiVersion: 'autoscaling/v1',
        }),
      ],
    }),
    verdict: 'unsure',
  },
  {
    name: 'an ownership of the scale subresource is not ours',
    ...both('apps/v1 Deployment', {
      target: { spec: { paused: true } },
      live: { spec: { paused: true, replicas: 3 } },
      fields: [
        applied(f({ spec: f({ paused: leaf }) })),
        applied(f({ spec: f({ replicas: leaf }) }), { subresource: 'scale' }),
      ],
    }),
    verdict: 'equal',
  },
];

describe('fields, removals and maps', () => {
  itJudges(FIELDS);
});
