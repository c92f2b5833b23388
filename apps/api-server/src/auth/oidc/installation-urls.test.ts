import { describe, expect, it } from 'vitest';
import { baseUrlOf, permittedReturnUrl } from './installation-urls.js';

const urls = {
  url: 'https://cd.example.com',
  additionalUrls: ['https://ops.example.com/argocd', 'http://localhost:8080'],
};

describe('where a login may return to (F25): no open redirect', () => {
  it.each([
    ['https://cd.example.com', 'https://cd.example.com/'],
    ['https://cd.example.com/applications?a=b#c', 'https://cd.example.com/applications?a=b#c'],
    ['https://CD.example.com:443/', 'https://cd.example.com/'],
    ['https://ops.example.com/argocd', 'https://ops.example.com/argocd'],
    ['https://ops.example.com/argocd/applications', 'https://ops.example.com/argocd/applications'],
    ['http://localhost:8080/x', 'http://localhost:8080/x'],
    // Browsers read a backslash as a slash: it stays on this host.
    ['https://cd.example.com\\@evil.example.com', 'https://cd.example.com/@evil.example.com'],
  ])('to %s', (wanted, expected) => {
    expect(permittedReturnUrl(wanted, urls)).toBe(expected);
  });

  it.each([
    ...[
      'https://evil.example.com',
      'https://cd.example.com.evil.example.com/',
      'https://cd.example.com@evil.example.com/',
    ],
    ...['https://evil@cd.example.com/', 'http://cd.example.com/', 'https://cd.example.com:8443/', '//cd.example.com/'],
    ...[
      '/applications',
      'javascript:alert(1)',
      'data:text/html,x',
      'https://ops.example.com/',
      'https://ops.example.com/argocd2',
    ],
    ...[
      'https://ops.example.com/argocd/../admin',
      'https://ops.example.com/argocd/%2e%2e/admin',
      'http://localhost/',
      '',
    ],
  ])('never to %s', (wanted) => {
    expect(permittedReturnUrl(wanted, urls)).toBeUndefined();
  });
});

describe('which address a request came to', () => {
  it.each([
    ['cd.example.com', 'https://cd.example.com'],
    ['ops.example.com', 'https://ops.example.com/argocd'],
    ['localhost:8080', 'http://localhost:8080'],
    ['evil.example.com', 'https://cd.example.com'],
    ['localhost', 'https://cd.example.com'],
  ])('a request to %s', (host, expected) => {
    expect(baseUrlOf(urls, host)).toBe(expected);
  });

  it('none, when none is configured', () => {
    expect(baseUrlOf({ url: undefined, additionalUrls: [] }, 'cd.example.com')).toBeUndefined();
  });
});
