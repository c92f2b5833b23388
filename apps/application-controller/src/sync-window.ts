/** The sync windows of an application's project, decided for now (D47-D50). */
import { decideSyncWindow, type WindowDecision } from '@tiphys/gitops-engine';
import type { Application } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { Clusters, ProjectReader } from './ports.js';

export interface WindowDeps {
  readonly projects: ProjectReader;
  readonly clusters: Pick<Clusters, 'identify'>;
  readonly clock: Clock;
}

export interface WindowAsk {
  readonly isManual: boolean;
  /** Start of an operation that already runs. */
  readonly runningSince?: Date;
}

export function windowFor(app: Application, deps: WindowDeps, ask: WindowAsk): WindowDecision {
  const { destination, project } = app.spec;
  const cluster = deps.clusters.identify(destination);
  const subject = {
    application: app.metadata.name ?? '',
    namespace: destination.namespace ?? '',
    clusterServer: cluster?.server ?? destination.server ?? '',
    clusterName: cluster?.name ?? destination.name ?? '',
  };
  return decideSyncWindow({
    windows: deps.projects.get(project)?.spec.syncWindows,
    subject,
    now: deps.clock.now(),
    ...ask,
  });
}
