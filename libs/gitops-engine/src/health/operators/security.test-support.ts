/** Cases of `security.ts`: what a controller writes, and what it means. */
import { type Cases, c, conditions, no, ready, state } from './cases.test-support.js';

export const SECURITY_CASES: Cases = {
  'cert-manager.io/Certificate': [
    ...ready,
    [
      conditions(no('Ready', 'DoesNotExist'), c('Issuing', 'True', '', 'Issuing certificate')),
      'Progressing',
      'Issuing certificate',
    ],
  ],
  'cert-manager.io/Issuer': ready,
  'cert-manager.io/ClusterIssuer': ready,
  'cert-manager.io/CertificateRequest': [
    [conditions(c('Denied', 'True', '', 'no')), 'Degraded', 'no'],
    [conditions(no('Ready', 'Pending')), 'Progressing'],
    ...ready,
  ],
  'acme.cert-manager.io/Order': [
    [state('valid'), 'Healthy'],
    [state('pending'), 'Progressing'],
    [{ status: { state: 'invalid', reason: 'rejected' } }, 'Degraded', 'rejected'],
  ],
  'acme.cert-manager.io/Challenge': [[state('errored'), 'Degraded']],
  'trust.cert-manager.io/Bundle': [[conditions(c('Synced')), 'Healthy']],
  'bitnami.com/SealedSecret': [
    [{}, 'Progressing'],
    [{ status: { observedGeneration: 1 } }, 'Healthy'],
    [{ status: { observedGeneration: 1, conditions: [no('Synced', '', 'no key')] } }, 'Degraded', 'no key'],
    [{ metadata: { generation: 2 }, status: { observedGeneration: 1, conditions: [c('Synced')] } }, 'Progressing'],
    [conditions(c('Synced')), 'Progressing'],
  ],
  'external-secrets.io/ExternalSecret': [[conditions(no('Ready', 'SecretDeleted')), 'Healthy'], ...ready],
  'external-secrets.io/ClusterSecretStore': ready,
  'external-secrets.io/PushSecret': ready,
  'external-secrets.io/ClusterExternalSecret': [
    [conditions(c('Ready')), 'Healthy'],
    [conditions(c('PartiallyReady', 'True', '', 'one namespace failed')), 'Degraded', 'one namespace failed'],
  ],
  'k8s.keycloak.org/Keycloak': [
    [conditions(c('Ready'), no('HasErrors')), 'Healthy'],
    [conditions(no('Ready'), c('HasErrors', 'True', '', 'no database')), 'Degraded', 'no database'],
    [conditions(no('Ready', '', 'Waiting for more replicas')), 'Progressing'],
  ],
  'k8s.keycloak.org/KeycloakRealmImport': [
    [conditions(c('Done')), 'Healthy'],
    [conditions(no('Done'), c('Started')), 'Progressing'],
  ],
  'keycloak.org/Keycloak': [
    [{ status: { ready: true, phase: 'reconciling' } }, 'Healthy'],
    [{ status: { ready: false, phase: 'failing' } }, 'Degraded'],
  ],
  'kyverno.io/ClusterPolicy': ready,
  'templates.gatekeeper.sh/ConstraintTemplate': [
    [{ status: { created: true } }, 'Healthy'],
    [{}, 'Progressing'],
  ],
  'secrets.hashicorp.com/VaultAuth': [
    [{ status: { valid: true } }, 'Healthy'],
    [{ status: { valid: false, error: 'no role' } }, 'Degraded', 'no role'],
    [{}, 'Progressing'],
  ],
};
