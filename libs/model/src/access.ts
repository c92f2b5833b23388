/** The words of access control (F12, F13): what a policy may speak of and what may be done with it. */

export const ACCESS_RESOURCES = [
  'applications',
  'applicationsets',
  'accounts',
  'certificates',
  'clusters',
  'exec',
  'extensions',
  'gpgkeys',
  'logs',
  'projects',
  'repositories',
  'write-repositories',
] as const;
export type AccessResource = (typeof ACCESS_RESOURCES)[number];

export const ACCESS_ACTIONS = [
  'get',
  'create',
  'update',
  'delete',
  'sync',
  'override',
  'rollback',
  'action',
  'invoke',
] as const;

/** `action/<group>/<kind>/<name>`, `update/…` and `delete/…` name a resource below an application (F13, F14). */
export type AccessAction = (typeof ACCESS_ACTIONS)[number] | `${'action' | 'update' | 'delete'}/${string}`;

/** Resources whose objects begin with the project's name. */
export const PROJECT_SCOPED: ReadonlySet<string> = new Set<AccessResource>([
  'applications',
  'applicationsets',
  'logs',
  'exec',
  'clusters',
  'repositories',
]);
