/** Why a link is not shown: its condition or its template cannot be evaluated. */

/** The message names what is wrong in the expression or template, for the administrator's log. */
export class LinkFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LinkFailure';
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own members only: nothing of JavaScript's objects can be reached from an expression or a template. */
export function memberOf(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
