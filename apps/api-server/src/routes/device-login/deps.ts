/** What device logins work with (RFC 8628). */
import type { Clock, Logger } from '@tiphys/runtime';
import type { DerivedTokens } from '../../auth/federation/derived-tokens.js';
import type { DeviceLogins } from '../../auth/federation/device-logins.js';
import type { SessionTokens } from '../../auth/session-tokens.js';
import type { LiveSettings } from '../../kube/config-objects.js';

export interface DeviceLoginDeps {
  readonly logins: DeviceLogins;
  readonly settings: Pick<LiveSettings, 'accounts' | 'server' | 'configMap'>;
  readonly tokens: Pick<SessionTokens, 'issueToken'>;
  readonly derived: Pick<DerivedTokens, 'issue'>;
  readonly onAttempt: (outcome: 'success' | 'failure') => void;
  readonly clock: Clock;
  readonly log: Logger;
}
