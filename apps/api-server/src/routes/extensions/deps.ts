/** What proxy extensions work with (N20). */
import type { Logger } from '@tiphys/runtime';
import type { ProxyExtensionSettings } from '@tiphys/settings';
import type { ApplicationDeps } from '../../applications/deps.js';
import type { ApiMetrics } from '../../plugins/metrics.js';

export interface ExtensionDeps {
  readonly applications: ApplicationDeps;
  readonly extensions: () => ProxyExtensionSettings;
  /** With the status of the backend's answer (M03). */
  readonly onRequest: ApiMetrics['extensionRequest'];
  /** Where files of UI extensions are. */
  readonly directory: string;
  readonly log: Logger;
}
