/** Resource actions (E12-E15): what can be done with one live object besides syncing it. */
import type { KubernetesObject } from '@tiphys/model';

export interface ActionParameter {
  readonly name: string;
  readonly type?: string;
  readonly default?: string;
}

/** An action as users see it. `disabled`: there is nothing to do now; it can be run all the same, as in Argo CD. */
export interface ResourceAction {
  readonly name: string;
  readonly displayName?: string;
  readonly iconClass?: string;
  readonly disabled?: boolean;
  readonly params?: readonly ActionParameter[];
}

/** `patch` is for the object itself, `create` for new ones (E13). */
export interface ImpactedResource {
  readonly operation: 'create' | 'patch';
  readonly resource: KubernetesObject;
}

export interface ActionContext {
  readonly parameters: Readonly<Record<string, string>>;
  readonly now: Date;
}

/** A built-in action. @throws GitOpsError InvalidSpec for parameters that make no sense. */
export interface BuiltInAction {
  readonly name: string;
  readonly displayName?: string;
  readonly iconClass?: string;
  readonly isDisabled?: (live: KubernetesObject) => boolean;
  /** False: not shown for this object. */
  readonly isOffered?: (live: KubernetesObject) => boolean;
  readonly parameters?: (live: KubernetesObject) => readonly ActionParameter[];
  readonly run: (live: KubernetesObject, context: ActionContext) => KubernetesObject | readonly ImpactedResource[];
}
