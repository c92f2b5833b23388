/** Refusals of the endpoints of OAuth 2.0 (RFC 6749, 5.2). */
import { ApiError } from '../errors.js';

/** A refusal with the code that OAuth clients understand; `code` and `message` are there as everywhere (N21). */
export class OAuthError extends ApiError {
  readonly oauthCode: string;

  constructor(oauthCode: string, message: string) {
    super('failedPrecondition', message);
    this.oauthCode = oauthCode;
  }
}
