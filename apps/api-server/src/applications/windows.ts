/** The sync windows of an application's project, for a person who asks now (D47-D49). */
import { decideSyncWindow, type WindowDecision } from '@tiphys/gitops-engine';
import { type Application, matchesGlob, type SyncWindow } from '@tiphys/model';
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
  const assigned = windows.filter((window) => names(window, subject));
  // A window is active when, as a deny window without exceptions, it would forbid.
  const active = assigned.filter((window) => {
    const asDeny = { ...window, kind: 'deny', manualSync: false };
    return !decideSyncWindow({ windows: [asDeny], subject, now, isManual: false }).allowed;
  });
  return { assigned, active, decision: decideSyncWindow({ windows, subject, now, isManual: true }) };
}

interface Subject {
  readonly application: string;
  readonly namespace: string;
  readonly clusterServer: string;
  readonly clusterName: string;
}

/** As decideSyncWindow chooses: one matching list is enough, or all given ones with `andOperator`. */
function names(window: SyncWindow, { application, namespace, clusterServer, clusterName }: Subject): boolean {
  const lists = [
    { globs: window.applications ?? [], values: [application] },
    { globs: window.namespaces ?? [], values: [namespace] },
    { globs: window.clusters ?? [], values: [clusterServer, clusterName] },
  ].filter(({ globs }) => globs.length > 0);
  const matches = ({ globs, values }: (typeof lists)[number]) =>
    globs.some((glob) => values.some((value) => value !== '' && matchesGlob(glob, value)));
  if (lists.length === 0) return false;
  return window.andOperator === true ? lists.every(matches) : lists.some(matches);
}
