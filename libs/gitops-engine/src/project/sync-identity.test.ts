import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { type SyncIdentity, syncIdentity } from './sync-identity.js';

const SERVER = 'https://cluster.test';
type Accounts = NonNullable<AppProject['spec']['destinationServiceAccounts']>;

function project(...destinationServiceAccounts: Accounts): AppProject {
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'team' } },
    spec: { destinationServiceAccounts },
  };
}

const entry = (server: string, namespace: string, defaultServiceAccount: string) => ({
  ...{ server, namespace, defaultServiceAccount },
});
const user = (name: string): SyncIdentity => ({ kind: 'user', user: `system:serviceaccount:${name}` });

describe('as whom an application is synced (D46)', () => {
  it.each<{ name: string; accounts: Accounts; namespace?: string; expected: SyncIdentity }>([
    {
      name: 'a name alone is one of the destination namespace',
      accounts: [entry('*', 'web', 'deployer')],
      expected: user('web:deployer'),
    },
    {
      name: 'a name may say its namespace',
      accounts: [entry('*', '*', 'tenants:deployer')],
      expected: user('tenants:deployer'),
    },
    {
      name: 'without a destination namespace it is one of the namespace of the Application',
      ...{ accounts: [entry(SERVER, '*', 'deployer')], namespace: '', expected: user('argocd:deployer') },
    },
    {
      name: 'the first match decides',
      accounts: [entry('https://other.test', '*', 'a'), entry(SERVER, 'w*', 'b'), entry('*', '*', 'c')],
      expected: user('web:b'),
    },
    {
      name: 'a namespace that does not match is no match',
      accounts: [entry(SERVER, 'db', 'a'), entry('*', '*', 'c')],
      expected: user('web:c'),
    },
  ])('$name', ({ accounts, namespace = 'web', expected }) => {
    expect(ask(accounts, namespace)).toEqual(expected);
  });

  it.each(['', ' ', '*', 'web/deployer', 'a{b}'])('the account %j is refused', (account) => {
    expect(ask([entry('*', '*', account)])).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('invalid chars'),
    });
  });

  it('no match is refused when that is enforced, and the controller otherwise', () => {
    expect(ask([])).toMatchObject({ kind: 'refused', message: expect.stringContaining('project team') });
    expect(ask([], 'web', { enabled: true, enforced: false })).toEqual({ kind: 'controller' });
  });

  it('is the controller while impersonation is off', () => {
    expect(ask([entry('*', '*', '*')], 'web', { enabled: false, enforced: true })).toEqual({ kind: 'controller' });
  });

  function ask(accounts: Accounts, namespace = 'web', settings = { enabled: true, enforced: true }): SyncIdentity {
    const destination = { server: SERVER, namespace };
    return syncIdentity({ project: project(...accounts), destination, applicationNamespace: 'argocd', settings });
  }
});
