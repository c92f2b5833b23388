/** Kinds of certificates, secrets, identity and policy. The page of the documented conditions stands above each entry. */
import type { HealthCheck } from '../assess-health.js';
import { conditionsOf, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { byConditions, byPhase, codes, firstOf } from './patterns.js';
import type { CheckEntry } from './types.js';

const ready = byConditions({ ready: ['Ready'] });

/** https://cert-manager.io/docs/reference/acme-orders/ and acme-challenges */
const acme = byPhase({
  phase: ['status', 'state'],
  message: ['status', 'reason'],
  codes: codes({
    Healthy: ['valid'],
    Progressing: ['pending', 'processing', 'ready'],
    Degraded: ['invalid', 'expired', 'errored', 'unknown'],
  }),
});

/** https://github.com/bitnami-labs/sealed-secrets#readme: an older controller writes no condition */
const sealedSecret: HealthCheck = (live) => {
  const observed = numberAt(live, 'status', 'observedGeneration');
  const isNewest = observed !== undefined && observed >= (live.metadata.generation ?? 0);
  if (!isNewest) return health('Progressing', 'Waiting for the SealedSecret to be decrypted');
  const failed = conditionsOf(live).find(({ type, status }) => type === 'Synced' && status === 'False');
  return failed === undefined ? health('Healthy') : health('Degraded', failed.message);
};

const externalSecret = byConditions({ ready: ['Ready'], reasons: { SecretDeleted: 'Healthy' } });

/** https://www.keycloak.org/operator/basic-deployment */
const keycloak = byConditions({ whenTrue: { HasErrors: 'Degraded' }, ready: ['Ready'], whenFalse: 'Progressing' });

/** https://external-secrets.io/latest/api/clusterexternalsecret/ */
const clusterExternalSecret = byConditions({
  whenTrue: { NotReady: 'Degraded', PartiallyReady: 'Degraded' },
  ready: ['Ready'],
});

export const SECURITY_CHECKS: readonly CheckEntry[] = [
  // https://cert-manager.io/docs/usage/certificate/
  ['cert-manager.io/Certificate', byConditions({ whenTrue: { Issuing: 'Progressing' }, ready: ['Ready'] })],
  // https://cert-manager.io/docs/configuration/
  ['cert-manager.io/Issuer', ready],
  ['cert-manager.io/ClusterIssuer', ready],
  // https://cert-manager.io/docs/usage/certificaterequest/#conditions
  [
    'cert-manager.io/CertificateRequest',
    byConditions({
      whenTrue: { Denied: 'Degraded', InvalidRequest: 'Degraded' },
      ready: ['Ready'],
      reasons: { Pending: 'Progressing' },
    }),
  ],
  ['acme.cert-manager.io/Order', acme],
  ['acme.cert-manager.io/Challenge', acme],
  // https://cert-manager.io/docs/trust/trust-manager/
  ['trust.cert-manager.io/Bundle', byConditions({ ready: ['Synced'] })],
  ['bitnami.com/SealedSecret', sealedSecret],
  // https://external-secrets.io/latest/api/externalsecret/
  ['external-secrets.io/ExternalSecret', externalSecret],
  ['external-secrets.io/PushSecret', ready],
  // https://external-secrets.io/latest/api/secretstore/
  ['external-secrets.io/SecretStore', ready],
  ['external-secrets.io/ClusterSecretStore', ready],
  ['external-secrets.io/ClusterExternalSecret', clusterExternalSecret],
  ['k8s.keycloak.org/Keycloak', keycloak],
  [
    'k8s.keycloak.org/KeycloakRealmImport',
    byConditions({ whenTrue: { HasErrors: 'Degraded' }, ready: ['Done'], whenFalse: 'Progressing' }),
  ],
  // The older operator: https://www.keycloak.org/docs/latest/server_installation/#_operator
  [
    'keycloak.org/Keycloak',
    firstOf(
      (live) => (valueAt(live, 'status', 'ready') === true ? health('Healthy') : undefined),
      byPhase({
        phase: ['status', 'phase'],
        message: ['status', 'message'],
        codes: codes({
          Healthy: ['reconciled'],
          Progressing: ['initializing', 'reconciling'],
          Degraded: ['failing', 'failed'],
        }),
      }),
    ),
  ],
  // https://kyverno.io/docs/policy-reports/
  ['kyverno.io/ClusterPolicy', ready],
  ['kyverno.io/Policy', ready],
  // https://open-policy-agent.github.io/gatekeeper/website/docs/howto
  [
    'templates.gatekeeper.sh/ConstraintTemplate',
    (live) =>
      valueAt(live, 'status', 'created') === true
        ? health('Healthy')
        : health('Progressing', 'Waiting for status.created'),
  ],
  // https://www.vaultproject.io/docs/platform/k8s/vso
  [
    'secrets.hashicorp.com/VaultAuth',
    (live) => validity(valueAt(live, 'status', 'valid'), textAt(live, 'status', 'error')),
  ],
  ['secrets.hashicorp.com/VaultConnection', (live) => validity(valueAt(live, 'status', 'valid'), undefined)],
];

function validity(valid: unknown, message: string | undefined) {
  if (valid === undefined) return health('Progressing', 'Waiting for status.valid');
  return valid === true ? health('Healthy') : health('Degraded', message ?? 'status.valid is false');
}
