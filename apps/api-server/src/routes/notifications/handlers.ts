/** Names of notification services, templates and triggers from argocd-notifications-cm (N15); never their contents. */
import type { notificationRoutes } from '@tiphys/api-contract';
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { Handler } from '../../http/handler.js';
import type { LiveSettings } from '../../kube/config-objects.js';

export interface NotificationDeps {
  readonly settings: Pick<LiveSettings, 'configMap'>;
}

type NamesHandler = Handler<(typeof notificationRoutes.services)['schemas']>;

/** `service.slack` is named after its type, `service.webhook.ci` is `ci`; longer keys are no services (as in Argo CD). */
export function createListServices(deps: NotificationDeps): NamesHandler {
  return async () => {
    const parts = keys(deps, 'service.').map((key) => key.split('.'));
    return itemsOf(parts.filter(({ length }) => length <= 2).map((names) => names.at(-1) ?? ''));
  };
}

export function createListTemplates(deps: NotificationDeps): NamesHandler {
  return async () => itemsOf(keys(deps, 'template.'));
}

export function createListTriggers(deps: NotificationDeps): NamesHandler {
  return async () => itemsOf(keys(deps, 'trigger.'));
}

/** What follows the prefix, of every key that has it. */
function keys({ settings }: NotificationDeps, prefix: string): readonly string[] {
  const names = Object.keys(settings.configMap(CONFIG_OBJECTS.notifications));
  return names.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

/** Sorted and each once: the order of a ConfigMap means nothing. */
function itemsOf(names: readonly string[]) {
  const unique = [...new Set(names.filter((name) => name !== ''))].sort();
  return { items: unique.map((name) => ({ name })) };
}
