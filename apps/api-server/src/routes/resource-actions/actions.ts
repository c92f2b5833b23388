/** Which actions a live object has, and what one of them asks for: the administrator's scripts and the built-in ones (E12-E15). */
import {
  actionsOfAnswer,
  compileKindRules,
  discoverBuiltIn,
  findBuiltIn,
  type ImpactedResource,
  impactOfAnswer,
  mergeActions,
  type ResourceAction,
} from '@tiphys/gitops-engine';
import type { LuaRuntime } from '@tiphys/lua';
import { groupVersionKindOf, type KubernetesObject } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { ActionCustomization } from '@tiphys/settings';
import { ApiError } from '../../errors.js';

export interface ActionDeps {
  readonly lua: LuaRuntime;
  /** The same array as long as the settings stay the same. */
  readonly customizations: () => readonly ActionCustomization[];
  readonly clock: Clock;
}

export interface ResourceActions {
  /** Sorted by name. @throws GitOpsError InvalidSpec when `discovery.lua` fails. */
  discover(live: KubernetesObject): Promise<readonly ResourceAction[]>;
  /** @throws ApiError notFound for an unknown action; GitOpsError InvalidSpec when it fails. */
  run(live: KubernetesObject, request: ActionRequest): Promise<readonly ImpactedResource[]>;
}

export interface ActionRequest {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function createResourceActions({ lua, customizations, clock }: ActionDeps): ResourceActions {
  let compiled = { list: [] as readonly ActionCustomization[], find: compileKindRules<ActionCustomization>([]) };

  function customizationFor(live: KubernetesObject): ActionCustomization | undefined {
    const list = customizations();
    if (compiled.list !== list) compiled = { list, find: compileKindRules(list) };
    return compiled.find(groupVersionKindOf(live));
  }

  function evaluate(custom: ActionCustomization, script: string, request: Parameters<typeof scriptRequest>[0]) {
    return lua.evaluate(scriptRequest(request, custom, script));
  }

  return {
    async discover(live) {
      const custom = customizationFor(live);
      if (custom === undefined) return mergeActions(discoverBuiltIn(live));
      const builtIn = custom.mergeBuiltinActions ? discoverBuiltIn(live) : [];
      if (custom.discoveryLua === '') return mergeActions(builtIn);
      const answer = await evaluate(custom, custom.discoveryLua, { live });
      return mergeActions(builtIn, actionsOfAnswer(answer));
    },
    async run(live, { action, parameters }) {
      const custom = customizationFor(live);
      const script = custom?.definitions.find(({ name }) => name === action)?.lua;
      if (custom !== undefined && script !== undefined) {
        return impactOfAnswer(await evaluate(custom, script, { live, parameters }), live);
      }
      const builtIn = custom === undefined || custom.mergeBuiltinActions ? findBuiltIn(live, action) : undefined;
      if (builtIn === undefined) throw new ApiError('notFound', `${live.kind} has no action ${action}`);
      const result = builtIn.run(live, { parameters, now: clock.now() });
      return isList(result) ? result : [{ operation: 'patch', resource: result }];
    },
  };
}

interface ScriptSubject {
  readonly live: KubernetesObject;
  readonly parameters?: Readonly<Record<string, string>>;
}

function scriptRequest({ live, parameters }: ScriptSubject, custom: ActionCustomization, script: string) {
  return {
    ...{ script, object: live, openLibs: custom.useOpenLibs },
    name: `resource.customizations.actions.${custom.group}_${custom.kind}`,
    ...(parameters === undefined ? {} : { parameters }),
  };
}

function isList(result: KubernetesObject | readonly ImpactedResource[]): result is readonly ImpactedResource[] {
  return Array.isArray(result);
}
