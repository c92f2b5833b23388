/** The AppProject custom resource (F01-F09, C18, D46, D47): what applications of a project may use, and who may act. */
import { type Static, Type } from 'typebox';
import type { ObjectMeta } from '../kubernetes/object.js';
import type { API_VERSION } from '../names.js';
import { ApplicationDestinationSchema } from './application.js';
import { count, flag, LabelSelectorSchema, text, texts } from './fields.js';

/** One entry of the allow and deny lists (F03): globs; `name` empty means every name. */
export const ResourceRestrictionSchema = Type.Object({ group: Type.String(), kind: Type.String(), name: text() });

/** A token of a project role (F05, F29): times are seconds since 1970. */
export const JwtTokenSchema = Type.Object({ iat: Type.Integer({ format: 'int64' }), exp: count(), id: text() });

export const ProjectRoleSchema = Type.Object({
  name: Type.String(),
  description: text(),
  policies: texts(),
  groups: texts(),
  jwtTokens: Type.Optional(Type.Array(JwtTokenSchema)),
});

/** When syncs may run (D47). `schedule` is cron, `duration` a Go duration, `timeZone` an IANA name (UTC if absent). */
export const SyncWindowSchema = Type.Object({
  kind: text(),
  schedule: text(),
  duration: text(),
  applications: texts(),
  namespaces: texts(),
  clusters: texts(),
  manualSync: flag(),
  timeZone: text(),
  andOperator: flag(),
  description: text(),
  syncOverrun: flag(),
});

export const OrphanedResourcesSchema = Type.Object({
  warn: flag(),
  ignore: Type.Optional(Type.Array(Type.Object({ group: text(), kind: text(), name: text() }))),
});

/** The service account that syncs to a matching destination impersonate (D46); the first match wins. */
export const DestinationServiceAccountSchema = Type.Object({
  server: Type.String(),
  namespace: text(),
  defaultServiceAccount: Type.String(),
});

const PolicyReposSchema = Type.Array(Type.Object({ url: Type.String() }));

/** What must be signed, and by whom (F06); the first policy whose `repos` (URL globs) match decides. */
export const SourceIntegritySchema = Type.Object({
  helm: Type.Optional(
    Type.Object({
      policies: Type.Array(
        Type.Object({ repos: PolicyReposSchema, provenance: Type.Object({ keys: Type.Array(Type.String()) }) }),
      ),
    }),
  ),
  git: Type.Optional(
    Type.Object({
      policies: Type.Array(
        Type.Object({
          repos: PolicyReposSchema,
          gpg: Type.Object({
            mode: Type.Unsafe<'none' | 'head' | 'strict'>({ type: 'string', enum: ['none', 'head', 'strict'] }),
            keys: texts(),
          }),
        }),
      ),
    }),
  ),
});

export const AppProjectSpecSchema = Type.Object({
  description: Type.Optional(Type.String({ maxLength: 255 })),
  sourceRepos: texts(),
  sourceNamespaces: texts(),
  destinations: Type.Optional(Type.Array(ApplicationDestinationSchema)),
  destinationServiceAccounts: Type.Optional(Type.Array(DestinationServiceAccountSchema)),
  clusterResourceWhitelist: Type.Optional(Type.Array(ResourceRestrictionSchema)),
  clusterResourceBlacklist: Type.Optional(Type.Array(ResourceRestrictionSchema)),
  namespaceResourceWhitelist: Type.Optional(Type.Array(ResourceRestrictionSchema)),
  namespaceResourceBlacklist: Type.Optional(Type.Array(ResourceRestrictionSchema)),
  roles: Type.Optional(Type.Array(ProjectRoleSchema)),
  syncWindows: Type.Optional(Type.Array(SyncWindowSchema)),
  orphanedResources: Type.Optional(OrphanedResourcesSchema),
  signatureKeys: Type.Optional(Type.Array(Type.Object({ keyID: Type.String() }))),
  sourceIntegrity: Type.Optional(SourceIntegritySchema),
  permitOnlyProjectScopedClusters: flag(),
});

export const AppProjectStatusSchema = Type.Object({
  jwtTokensByRole: Type.Optional(
    Type.Record(Type.String(), Type.Object({ items: Type.Optional(Type.Array(JwtTokenSchema)) })),
  ),
});

/** One entry of `globalProjects` in argocd-cm (F08): projects with these labels inherit from `projectName`. */
export const GlobalProjectSchema = Type.Object({ projectName: Type.String(), labelSelector: LabelSelectorSchema });

export type ResourceRestriction = Static<typeof ResourceRestrictionSchema>;
export type JwtToken = Static<typeof JwtTokenSchema>;
export type ProjectRole = Static<typeof ProjectRoleSchema>;
export type SyncWindow = Static<typeof SyncWindowSchema>;
export type OrphanedResources = Static<typeof OrphanedResourcesSchema>;
export type DestinationServiceAccount = Static<typeof DestinationServiceAccountSchema>;
export type SourceIntegrity = Static<typeof SourceIntegritySchema>;
export type AppProjectSpec = Static<typeof AppProjectSpecSchema>;
export type AppProjectStatus = Static<typeof AppProjectStatusSchema>;
export type GlobalProject = Static<typeof GlobalProjectSchema>;

export interface AppProject {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'AppProject';
  readonly metadata: ObjectMeta;
  readonly spec: AppProjectSpec;
  readonly status?: AppProjectStatus;
}
