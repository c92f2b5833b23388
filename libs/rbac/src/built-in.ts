/** The roles that are always there (F17): role:readonly, role:admin, and the admin account's membership. */

const READABLE = [
  ['applications', '*/*'],
  ['applicationsets', '*/*'],
  ['certificates', '*'],
  ['clusters', '*'],
  ['repositories', '*'],
  ['write-repositories', '*'],
  ['projects', '*'],
  ['accounts', '*'],
  ['gpgkeys', '*'],
  ['logs', '*/*'],
] as const;

const WRITABLE = [
  [
    'applications',
    '*/*',
    ['create', 'update', 'update/*', 'delete', 'delete/*', 'sync', 'override', 'rollback', 'action/*'],
  ],
  ['applicationsets', '*/*', ['create', 'update', 'delete']],
  ['certificates', '*', ['create', 'update', 'delete']],
  ['clusters', '*', ['create', 'update', 'delete']],
  ['repositories', '*', ['create', 'update', 'delete']],
  ['write-repositories', '*', ['create', 'update', 'delete']],
  ['projects', '*', ['create', 'update', 'delete']],
  ['accounts', '*', ['update']],
  ['gpgkeys', '*', ['create', 'delete']],
  ['exec', '*/*', ['create']],
] as const;

export const BUILT_IN_POLICY: string = [
  ...READABLE.map(([resource, object]) => `p, role:readonly, ${resource}, get, ${object}, allow`),
  ...WRITABLE.flatMap(([resource, object, actions]) =>
    actions.map((action) => `p, role:admin, ${resource}, ${action}, ${object}, allow`),
  ),
  'g, role:admin, role:readonly',
  'g, admin, role:admin',
].join('\n');
