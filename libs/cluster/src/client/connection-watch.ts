/** What happens while a connection is made: names resolved, certificates rotated. */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { ClientObserver } from './observer.js';

/** The system's resolver, with its time reported. Not called for addresses. */
export function timedLookup(
  observer: ClientObserver,
  resolve: LookupFunction = lookup as LookupFunction,
): LookupFunction {
  return (hostname, options, callback) => {
    const start = performance.now();
    resolve(hostname, options, (error, address, family) => {
      observer.resolved(hostname, performance.now() - start);
      (callback as (...answer: unknown[]) => void)(error, address, family);
    });
  };
}

/** Reports, at the first new certificate, how old the one before was (since its beginning, as client-go counts). */
export function certificateAge(observer: ClientObserver | undefined): { seen(pem: string | undefined): void } {
  let before: string | undefined;
  return {
    seen: (pem) => {
      if (pem === before) return;
      if (before !== undefined) report(observer, before);
      before = pem;
    },
  };
}

function report(observer: ClientObserver | undefined, pem: string): void {
  try {
    observer?.certificateRotated(Date.now() - Date.parse(new X509Certificate(pem).validFrom));
  } catch {
    // Not a certificate: the connection's own error says so.
  }
}
