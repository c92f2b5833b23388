/** The few parts of the package `oidc-provider` that the harness uses; it comes without types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface InteractionDetails {
    readonly uid: string;
    readonly prompt: { readonly name: string };
  }

  // The package has a default export only.
  // eslint-disable-next-line import-x/no-default-export
  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    /** Believe X-Forwarded-* headers. */
    proxy: boolean;
    readonly IdToken: { readonly prototype: { issue(options: { readonly use: string }): Promise<string> } };
    readonly Grant: new (owner: {
      readonly clientId: string;
      readonly accountId: string;
    }) => {
      addOIDCScope(scope: string): void;
      addOIDCClaims(claims: readonly string[]): void;
      save(): Promise<string>;
    };
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
    on(event: string, listener: (...parameters: readonly unknown[]) => void): this;
  }
}
