/** Actions of Argo's own kinds: Application, Rollout, AnalysisRun and Workflows (E15). */
import { type KubernetesObject, kubernetesTime } from '@tiphys/model';
import { isFields, listAt, numberAt, textAt, valueAt } from '../../health/fields.js';
import { nameWithMinute, withField } from '../change-object.js';
import type { BuiltInAction } from '../types.js';
import { isTrue, setField, toggle } from './patterns.js';
import { created } from './workloads.js';

const AUTOMATED = ['spec', 'syncPolicy', 'automated'] as const;

function isAutomated(live: KubernetesObject): boolean {
  return isFields(valueAt(live, ...AUTOMATED)) && valueAt(live, ...AUTOMATED, 'enabled') !== false;
}

export const APPLICATION_ACTIONS: readonly BuiltInAction[] = [
  {
    name: 'toggle-auto-sync',
    displayName: 'Toggle Auto-Sync',
    run: (live) => withField(live, [...AUTOMATED, 'enabled'], !isAutomated(live)),
  },
];

const PAUSE_CONDITIONS = ['status', 'pauseConditions'] as const;
const ABORT = ['status', 'abort'] as const;

function isPaused(live: KubernetesObject): boolean {
  return listAt(live, ...PAUSE_CONDITIONS).length > 0 || isTrue(live, ['spec', 'paused']);
}

/** Nothing is on its way: the newest pods are the stable ones, or the controller has not seen the Rollout yet. */
function isPromoted(live: KubernetesObject): boolean {
  const status = valueAt(live, 'status');
  return !isFields(status) || status['currentPodHash'] === status['stableRS'];
}

function hasNextStep(live: KubernetesObject): boolean {
  const steps = listAt(live, 'spec', 'strategy', 'canary', 'steps').length;
  return (numberAt(live, 'status', 'currentStepIndex') ?? steps) < steps;
}

function resume(live: KubernetesObject): KubernetesObject {
  const cleared = withField(live, PAUSE_CONDITIONS, undefined);
  return isTrue(cleared, ['spec', 'paused']) ? withField(cleared, ['spec', 'paused'], false) : cleared;
}

function skipStep(live: KubernetesObject): KubernetesObject {
  if (!hasNextStep(live)) return live;
  const next = (numberAt(live, 'status', 'currentStepIndex') ?? 0) + 1;
  return withField(withField(live, PAUSE_CONDITIONS, undefined), ['status', 'currentStepIndex'], next);
}

/** Argo Rollouts' commands: https://argo-rollouts.readthedocs.io/en/stable/features/kubectl-plugin/ */
export const ROLLOUT_ACTIONS: readonly BuiltInAction[] = [
  {
    name: 'restart',
    displayName: 'Restart Pods',
    run: (live, { now }) => withField(live, ['spec', 'restartAt'], kubernetesTime(now)),
  },
  {
    name: 'pause',
    isDisabled: (live) => isPromoted(live) || isTrue(live, ABORT) || isTrue(live, ['spec', 'paused']),
    run: (live) => withField(live, ['spec', 'paused'], true),
  },
  { name: 'resume', isDisabled: (live) => !isPaused(live), run: resume },
  {
    name: 'abort',
    isDisabled: (live) => isPromoted(live) || isTrue(live, ABORT),
    run: (live) => withField(live, ABORT, true),
  },
  {
    name: 'retry',
    isDisabled: (live) => isPromoted(live) || !isTrue(live, ABORT),
    run: (live) => withField(live, ABORT, undefined),
  },
  {
    name: 'promote-full',
    isDisabled: isPromoted,
    run: (live) => withField(live, ['status', 'promoteFull'], true),
  },
  { name: 'skip-current-step', isDisabled: (live) => !hasNextStep(live), run: skipStep },
];

export const ANALYSIS_RUN_ACTIONS: readonly BuiltInAction[] = [
  {
    name: 'terminate',
    isDisabled: (live) =>
      ['Successful', 'Failed', 'Error', 'Inconclusive'].includes(textAt(live, 'status', 'phase') ?? ''),
    run: (live) => withField(live, ['spec', 'terminate'], true),
  },
];

const isOver = (live: KubernetesObject): boolean => valueAt(live, 'status', 'finishedAt') != null;

/** `spec.suspend` and `spec.shutdown`: https://argo-workflows.readthedocs.io/en/latest/fields/#workflowspec */
export const WORKFLOW_ACTIONS: readonly BuiltInAction[] = [
  ...toggle('suspend', 'resume', ['spec', 'suspend']),
  setField('stop', ['spec', 'shutdown'], 'Stop'),
  setField('terminate', ['spec', 'shutdown'], 'Terminate'),
].map((action) => ({ ...action, isDisabled: (live) => isOver(live) || action.isDisabled?.(live) === true }));

const createWorkflow = (build: (live: KubernetesObject, now: Date) => KubernetesObject): BuiltInAction => ({
  name: 'create-workflow',
  displayName: 'Create Workflow',
  iconClass: 'fa fa-fw fa-plus',
  run: (live, { now }) => {
    const { name = '', namespace } = live.metadata;
    const workflow = build(live, now);
    const metadata = { ...workflow.metadata, name: nameWithMinute(name, now), ...(namespace ? { namespace } : {}) };
    return [created({ ...workflow, metadata })];
  },
});

const workflow = (metadata: object, spec: unknown): KubernetesObject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' },
  ...{ metadata, spec },
});

export const WORKFLOW_TEMPLATE_ACTIONS: readonly BuiltInAction[] = [
  createWorkflow(({ apiVersion, kind, metadata: { name = '', uid = '' } }) =>
    workflow(
      {
        labels: { 'workflows.argoproj.io/workflow-template': name },
        ownerReferences: [{ apiVersion, kind, name, uid }],
      },
      { workflowTemplateRef: { name } },
    ),
  ),
];

const INSTANCE = 'workflows.argoproj.io/controller-instanceid';

/** The controller that looks after the schedule shall look after the workflow. */
function instanceOf({ metadata }: KubernetesObject): Readonly<Record<string, string>> {
  const instance = metadata.labels?.[INSTANCE];
  return instance === undefined ? {} : { [INSTANCE]: instance };
}

export const CRON_WORKFLOW_ACTIONS: readonly BuiltInAction[] = [
  createWorkflow((live, now) => {
    const { name = '', uid = '' } = live.metadata;
    const { apiVersion, kind } = live;
    const wanted = valueAt(live, 'spec', 'workflowMetadata');
    const {
      labels = {},
      annotations = {},
      finalizers,
    } = (isFields(wanted) ? wanted : {}) as Record<string, object | undefined>;
    return workflow(
      {
        labels: { ...labels, 'workflows.argoproj.io/cron-workflow': name, ...instanceOf(live) },
        annotations: { ...annotations, 'workflows.argoproj.io/scheduled-time': kubernetesTime(now) },
        ...(finalizers === undefined ? {} : { finalizers }),
        ownerReferences: [{ apiVersion, kind, name, uid }],
      },
      valueAt(live, 'spec', 'workflowSpec') ?? {},
    );
  }),
  ...toggle('suspend', 'resume', ['spec', 'suspend']),
];
