/** What the application handlers work with. */
import type { AppProject } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { Audit } from '../audit/events.js';
import type { Authorizer } from '../auth/authorize.js';
import type { LiveSettings } from '../kube/config-objects.js';
import type { ApplicationStore } from './store.js';
import type { ApplicationWriter } from './writer.js';

/** Projects of the control-plane namespace, in memory. */
export interface ProjectReader {
  get(name: string): AppProject | undefined;
  list(): readonly AppProject[];
  /** Changes with every change of any project. */
  readonly version: number;
}

export interface ApplicationDeps {
  /** The control-plane namespace. */
  readonly namespace: string;
  /** Whether Applications of a namespace are looked after (A31); always true of the control plane's. */
  readonly isApplicationNamespace: (namespace: string) => boolean;
  readonly store: ApplicationStore;
  readonly writer: ApplicationWriter;
  readonly projects: ProjectReader;
  readonly settings: LiveSettings;
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly clock: Clock;
}
