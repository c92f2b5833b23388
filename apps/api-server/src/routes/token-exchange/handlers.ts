/** Exchange of a CI system's token for a short one of a project role (RFC 8693; F24 without Dex). */
import type { federationRoutes } from '@tiphys/api-contract';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Audit } from '../../audit/events.js';
import { DERIVED_ISSUER, type DerivedTokens } from '../../auth/federation/derived-tokens.js';
import {
  chooseRole,
  type RoleChoice,
  type RoleDeps,
  subjectOf,
  type WantedRole,
} from '../../auth/federation/role-rules.js';
import type { SubjectTokens } from '../../auth/federation/subject-tokens.js';
import type { PublicHandler } from '../../http/handler.js';
import { OAuthError } from '../../http/oauth-error.js';

type Routes = typeof federationRoutes;
type Body = Parameters<PublicHandler<Routes['exchangeToken']['schemas']>>[0]['body'];

export interface TokenExchangeDeps extends RoleDeps {
  readonly subjectTokens: SubjectTokens;
  readonly derived: Pick<DerivedTokens, 'issue'>;
  readonly audit: Audit;
  readonly onAttempt: (outcome: 'success' | 'failure') => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:';
const SUBJECT_TYPES: readonly string[] = ['jwt', 'id_token', 'access_token'].map((type) => TOKEN_TYPE + type);
/** The same for every reason: a stranger learns nothing of rules, roles and projects. */
const REFUSED = 'the subject token was not accepted; the log of the api-server says why';

export function createExchangeToken(deps: TokenExchangeDeps): PublicHandler<Routes['exchangeToken']['schemas']> {
  return async ({ body }, { sourceIp }) => {
    checkForm(body);
    const chosen = await chosenRole(deps, body);
    if (chosen.kind === 'refused') {
      deps.onAttempt('failure');
      deps.log.warn('token exchange refused', { reason: chosen.reason, sourceIp, security: 3 });
      throw new OAuthError('invalid_grant', REFUSED);
    }
    const { rule, claims } = chosen;
    const username = subjectOf(rule);
    const issuedAt = Math.floor(deps.clock.now().getTime() / 1000);
    const seconds = Math.floor(rule.maxTokenLifetimeMs / 1000);
    const expiresAt = issuedAt + seconds;
    const origin = { issuer: rule.issuer, rule: rule.name, claims };
    const token = await deps.derived.issue({ username, groups: [], origin, expiresAt });
    deps.onAttempt('success');
    const audience = rule.audience;
    deps.log.info('token exchanged', {
      username,
      rule: rule.name,
      issuer: rule.issuer,
      audience,
      claims,
      sourceIp,
      security: 1,
    });
    recordEvent(deps, chosen, { issuedAt, expiresAt });
    return {
      access_token: token,
      issued_token_type: `${TOKEN_TYPE}access_token`,
      token_type: 'Bearer',
      expires_in: seconds,
    };
  };
}

/** What is wrong with the request itself may be said. */
function checkForm({ grant_type, subject_token_type, requested_token_type }: Body): void {
  if (grant_type !== undefined && grant_type !== EXCHANGE_GRANT) {
    throw new OAuthError('unsupported_grant_type', `grant_type must be ${EXCHANGE_GRANT}`);
  }
  if (subject_token_type !== undefined && !SUBJECT_TYPES.includes(subject_token_type)) {
    throw new OAuthError('invalid_request', `subject_token_type must be one of ${SUBJECT_TYPES.join(', ')}`);
  }
  if (requested_token_type !== undefined && !SUBJECT_TYPES.includes(requested_token_type)) {
    throw new OAuthError('invalid_request', `requested_token_type must be one of ${SUBJECT_TYPES.join(', ')}`);
  }
}

async function chosenRole(deps: TokenExchangeDeps, body: Body): Promise<RoleChoice> {
  try {
    return chooseRole(deps, await deps.subjectTokens.verify(body.subject_token), wantedRole(body));
  } catch (error) {
    // Keys that cannot be read are refused in the same words: which issuers are listed is nobody's business.
    if (error instanceof Error) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

function wantedRole({ scope = '', connector_id: rule }: Body): WantedRole {
  const subject = scope.split(/\s+/).find((word) => word.startsWith('proj:'));
  return { ...(rule ? { rule } : {}), ...(subject === undefined ? {} : { subject }) };
}

interface Times {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

function recordEvent(deps: TokenExchangeDeps, chosen: RoleChoice & { kind: 'role' }, times: Times): void {
  const { rule, claims } = chosen;
  const project = deps.projects.get(rule.project);
  if (project === undefined) return;
  const user = { username: subjectOf(rule), issuer: DERIVED_ISSUER, groups: [], tokenId: undefined, ...times };
  const facts = Object.entries(claims).map(([name, value]) => `${name} ${value}`);
  const action = `got a token by rule ${rule.name} for ${facts.join(', ')} of ${rule.issuer}`;
  deps.audit(user, project, { reason: 'ResourceCreated', action, kind: 'AppProject' });
}
