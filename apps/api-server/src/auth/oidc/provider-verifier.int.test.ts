/** Which tokens of a real provider count (S15, F26), how its keys are followed, and that its TLS is verified. */
import { createHmac } from 'node:crypto';
import { fakeClock } from '@tiphys/runtime';
import { createCertificateAuthority, type OidcProviderServer, startOidcProvider } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProviderHttp, type ProviderHttpOptions } from './provider-http.js';
import { createProviderVerifier, type ProviderVerifierOptions } from './provider-verifier.js';

const authority = createCertificateAuthority('Acme');
const client = { id: 'tiphys', secret: 's3cret', redirectUris: ['https://cd.example.com/auth/callback'] };
const users = { ann: { password: 'pw', claims: { sub: 'u-1' } } };
const now = Math.floor(Date.now() / 1000);
let provider: OidcProviderServer;

beforeAll(async () => {
  const tls = authority.issue({ commonName: 'idp', sans: ['127.0.0.1'] });
  provider = await startOidcProvider({ path: '/realms/acme', clients: [client], users, tls });
});

afterAll(() => provider.stop());

interface Case {
  readonly options?: Partial<ProviderVerifierOptions>;
  readonly http?: ProviderHttpOptions;
}

function verifier({ options = {}, http = { rootCa: authority.cert } }: Case = {}) {
  const clock = fakeClock(new Date(now * 1000));
  const common = { issuer: provider.issuer, audiences: ['tiphys'], http: createProviderHttp(http) };
  return { clock, ...createProviderVerifier({ ...common, clock, ...options }) };
}

const good = () => ({ iss: provider.issuer, sub: 'u-1', aud: 'tiphys', iat: now, exp: now + 600 });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens that count', () => {
  it.each<[string, object, Partial<ProviderVerifierOptions>]>([
    ['for us', {}, {}],
    ['for us among others', { aud: ['account', 'tiphys'], azp: 'account' }, {}],
    ['for the command line', { aud: 'cli' }, { audiences: ['tiphys', 'cli'] }],
    ['for nobody, where that is allowed', { aud: undefined }, { allowMissingAudience: true }],
    ['of a provider whose clock is half a minute ahead', { nbf: now + 30 }, {}],
  ])('%s', async (_, claims, options) => {
    const token = await provider.sign({ ...good(), ...claims });
    expect(await verifier({ options }).verify(token)).toMatchObject({ sub: 'u-1' });
  });
});

describe('tokens that do not (S15)', () => {
  const signed = (claims: object, header?: Record<string, string>) => () =>
    provider.sign({ ...good(), ...claims }, header);
  it.each<[string, () => Promise<string>, Partial<ProviderVerifierOptions>?]>([
    ['for another application', signed({ aud: 'other' })],
    ['for others', signed({ aud: ['other', 'account'] })],
    ['for nobody', signed({ aud: undefined })],
    ['for nobody, in a list', signed({ aud: [] })],
    ['for another, where nobody would do', signed({ aud: 'other' }), { allowMissingAudience: true }],
    ['that name no subject', signed({ sub: undefined })],
    ['with an empty subject', signed({ sub: '' })],
    ['that have expired', signed({ exp: now - 1 })],
    ['that expire now', signed({ exp: now })],
    ['that never expire', signed({ exp: undefined })],
    ['of tomorrow', signed({ nbf: now + 86_400 })],
    ['with a key that the provider does not have', signed({}, { kid: 'other' })],
    ['that say RS512 but are not', signed({}, { alg: 'RS512' })],
    ['that say ES256 but are not', signed({}, { alg: 'ES256' })],
    ['without a signature', async () => `${encode({ alg: 'none' })}.${encode(good())}.`],
    [
      'with a signature of another token',
      async () => swapPayload(await provider.sign(good()), { ...good(), sub: 'admin' }),
    ],
    ['signed with the public key as a secret', async () => confused(provider.publicKeyPem())],
    ['that are no token', async () => 'x'.repeat(20_000)],
    ['of another issuer, to the letter', signed({ iss: 'https://127.0.0.1/realms/acme/' })],
  ])('%s', async (_, make, options = {}) => {
    await expect(verifier({ options }).verify(await make())).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  function swapPayload(token: string, claims: object): string {
    const [header, , signature] = token.split('.');
    return [header, encode(claims), signature].join('.');
  }

  function confused(key: string): string {
    const input = `${encode({ alg: 'HS256' })}.${encode(good())}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  }
});

describe('keys', () => {
  it('are read once, and again when the provider has new ones; the old ones then count no more', async () => {
    const { verify, clock } = verifier();
    const reads = () => provider.requests.filter((request) => request.endsWith('/jwks')).length;
    const before = reads();
    const old = await provider.sign(good());
    await Promise.all([verify(old), verify(old), verify(old)]);
    await verify(old);
    expect(reads() - before).toBe(1);
    await provider.rotateKeys();
    const fresh = await provider.sign(good());
    await expect(verify(fresh)).rejects.toMatchObject({ kind: 'unauthenticated' });
    expect(reads() - before, 'an unknown key does not make us ask all the time').toBe(1);
    clock.advance(5_000);
    expect(await verify(fresh)).toMatchObject({ sub: 'u-1' });
    expect(reads() - before).toBe(2);
    await expect(verify(old)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it('still count while the provider is away; without them the answer is "unavailable", and is good again after it', async () => {
    const [known, unknown] = [verifier(), verifier()];
    const token = await provider.sign({ ...good(), exp: now + 90_000 });
    await known.verify(token);
    provider.setFaults({ status: 503 });
    try {
      known.clock.advance(3_600_000);
      expect(await known.verify(token)).toMatchObject({ sub: 'u-1' });
      await expect(unknown.verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
      known.clock.advance(86_400_000);
      await expect(known.verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
    } finally {
      provider.setFaults({});
    }
    unknown.clock.advance(5_000);
    expect(await unknown.verify(token)).toMatchObject({ sub: 'u-1' });
  });
});

describe('TLS to the provider (CVE-2022-31105)', () => {
  it('a certificate of an unknown authority is refused, unless the setting says to skip it', async () => {
    const token = await provider.sign(good());
    await expect(verifier({ http: {} }).verify(token)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/self-signed|unable to/),
    });
    const other = createCertificateAuthority('Other').cert;
    await expect(verifier({ http: { rootCa: other } }).verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await verifier({ http: { insecureSkipVerify: true } }).verify(token)).toMatchObject({ sub: 'u-1' });
  });
});
