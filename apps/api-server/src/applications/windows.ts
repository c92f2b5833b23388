/** The sync windows of an application's project, for a person who asks now (D47-D49). */
import { decideSyncWindow, type WindowDecision, windowApplies } from '@tiphys/gitops-engine';
import type { Application, SyncWindow } from '@tiphys/model';
import { findCluster } from '@tiphys/settings';
import type { ApplicationDeps } from './deps.js';
import { projectOf } from './names.js';

type WindowDeps = Pick<ApplicationDeps, 'projects' | 'settings' | 'clock'>;

export interface WindowsNow {
  /** Windows that name the application. */
  readonly assigned: readonly SyncWindow[];
  readonly active: readonly SyncWindow[];
  /** Whether a person may sync now. */
  readonly decision: WindowDecision;
}

export function windowsNow(deps: WindowDeps, application: Application): WindowsNow {
  const { destination } = application.spec;
  const cluster = findCluster(deps.settings.clusters(), destination);
  const subject = {
    application: application.metadata.name ?? '',
    namespace: destination.namespace ?? '',
    clusterServer: cluster?.server ?? destination.server ?? '',
    clusterName: cluster?.name ?? destination.name ?? '',
  };
  const windows = deps.projects.get(projectOf(application))?.spec.syncWindows ?? [];
  const now = deps.clock.now();
  const assigned = windows.filter((window) => windowApplies(window, subject));
  // A window is active when, as a deny window without exceptions, it would forbid.
  const active = assigned.filter((window) => {
    const asDeny = { ...window, kind: 'deny', manualSync: false };
    return !decideSyncWindow({ windows: [asDeny], subject, now, isManual: false }).allowed;
  });
  return { assigned, active, decision: decideSyncWindow({ windows, subject, now, isManual: true }) };
}
