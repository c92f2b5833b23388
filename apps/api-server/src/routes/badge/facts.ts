/** What a badge shows (A41). Pure: the same answer for every caller, whoever may see the application. */
import { type Application, appKey } from '@tiphys/model';
import { projectOf } from '../../applications/names.js';
import type { ApplicationStore } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { BadgeFacts } from './badge.js';

/** Of the address; a parameter that is given several times is a list. */
export type BadgeQuery = Readonly<Record<string, unknown>>;

export interface BadgeSource {
  /** Of the control plane: where applications are looked for unless `namespace` says otherwise. */
  readonly namespace: string;
  readonly store: Pick<ApplicationStore, 'get' | 'list'>;
  readonly enabled: boolean;
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const MAX_NAME_LENGTH = 253;
const MAX_WIDTH = 10_000;
const UNKNOWN = { health: 'Unknown', sync: 'Unknown' } as const;
const NOT_FOUND = { health: 'Not Found', sync: undefined } as const;

/** @throws ApiError invalidArgument for texts that can be no names; while badges are switched off nothing is looked at. */
export function badgeFacts({ namespace, store, enabled }: BadgeSource, query: BadgeQuery): BadgeFacts {
  if (!enabled) return UNKNOWN;
  const name = nameAt(query, 'name');
  // The second one is what other routes call it.
  const home = nameAt(query, 'namespace') ?? nameAt(query, 'appNamespace') ?? namespace;
  const projects = textsAt(query, 'project').map((project) => valid(project.toLowerCase(), project));
  const size = widthAt(query);
  if (name !== undefined) {
    const application = store.get(appKey(home, name))?.application;
    return { ...(application === undefined ? NOT_FOUND : applicationFacts(application, { name, query })), ...size };
  }
  if (projects.length === 0) return { ...UNKNOWN, ...size };
  const chosen = store
    .list()
    .map(({ application }) => application)
    .filter((application) => application.metadata.namespace === home && projects.includes(projectOf(application)));
  return { ...projectFacts(chosen), ...size };
}

function applicationFacts(
  application: Application,
  { name, query }: { readonly name: string; readonly query: BadgeQuery },
): BadgeFacts {
  const { health, sync } = application.status ?? {};
  const revision = isTrue(query, 'revision') ? revisionOf(application) : undefined;
  return {
    ...{ health: health?.status ?? 'Unknown', sync: sync?.status ?? 'Unknown' },
    ...(revision === undefined
      ? {}
      : { revision: isTrue(query, 'keepFullRevision') ? revision : revision.slice(0, 7) }),
    ...(isTrue(query, 'showAppName') ? { title: name } : {}),
  };
}

/** What was deployed last, of the first source where there are several; before the first sync, what was compared. */
function revisionOf({ status }: Application): string | undefined {
  const deployed = status?.operationState?.syncResult;
  const texts = [deployed?.revisions?.[0], deployed?.revision, status?.sync?.revisions?.[0], status?.sync?.revision];
  return texts.find((text) => text !== undefined && text !== '');
}

/** Degraded as soon as one application is not healthy, OutOfSync as soon as one is not in sync. */
function projectFacts(applications: readonly Application[]): BadgeFacts {
  if (applications.length === 0) return UNKNOWN;
  const isHealthy = applications.every(({ status }) => status?.health?.status === 'Healthy');
  const isSynced = applications.every(({ status }) => status?.sync?.status === 'Synced');
  return { health: isHealthy ? 'Healthy' : 'Degraded', sync: isSynced ? 'Synced' : 'OutOfSync' };
}

function textsAt(query: BadgeQuery, parameter: string): readonly string[] {
  const value = query[parameter];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((text): text is string => typeof text === 'string' && text !== '');
}

function nameAt(query: BadgeQuery, parameter: string): string | undefined {
  const [text] = textsAt(query, parameter);
  return text === undefined ? undefined : valid(text, text);
}

function valid(name: string, text: string): string {
  if (NAME.test(name) && name.length <= MAX_NAME_LENGTH) return text;
  throw new ApiError('invalidArgument', `"${text.slice(0, MAX_NAME_LENGTH)}" is not a valid name`);
}

function isTrue(query: BadgeQuery, parameter: string): boolean {
  return textsAt(query, parameter)[0]?.toLowerCase() === 'true';
}

/** What is no width is left out, as Argo CD does. */
function widthAt(query: BadgeQuery): { readonly width?: number } {
  const width = Number(textsAt(query, 'width')[0]);
  return Number.isInteger(width) && width > 0 && width <= MAX_WIDTH ? { width } : {};
}
