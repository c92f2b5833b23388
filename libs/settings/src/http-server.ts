/** How the API server answers HTTP (F36): argocd-cmd-params-cm `server.*`. */
import { createReader, type Parsed, type SettingsData } from './reader.js';

export interface HttpServerSettings {
  /** `server.insecure`: plain HTTP. Read once at the start. */
  readonly insecure: boolean;
  /** Media types of changing requests, lower case; empty: any (`server.api.content.types: ""`). */
  readonly contentTypes: readonly string[];
  /** `X-Frame-Options`; empty: the header is not sent. */
  readonly frameOptions: string;
  /** Undefined: the policy of Tiphys. Empty: the header is not sent. */
  readonly contentSecurityPolicy: string | undefined;
}

const CONTENT_TYPES = 'server.api.content.types';
const FRAME_OPTIONS = 'server.x.frame.options';
const POLICY = 'server.content.security.policy';

export function parseHttpServerSettings(argocdCmdParamsCm: SettingsData): Parsed<HttpServerSettings> {
  const reader = createReader(argocdCmdParamsCm);
  // What is there and empty says something else than what is not there.
  const header = (key: string): string | undefined => {
    const value = argocdCmdParamsCm[key]?.trim();
    if (value === undefined || /^[\x20-\x7e]*$/.test(value)) return value;
    reader.problem(key, 'may hold printable ASCII characters only, on one line');
    return undefined;
  };
  const settings: HttpServerSettings = {
    insecure: reader.flag('server.insecure', false),
    contentTypes: contentTypes(header(CONTENT_TYPES) ?? 'application/json', (message) =>
      reader.problem(CONTENT_TYPES, message),
    ),
    frameOptions: header(FRAME_OPTIONS) ?? 'sameorigin',
    contentSecurityPolicy: header(POLICY),
  };
  return { settings, problems: reader.problems };
}

/** Separated by semicolons, as in Argo CD. */
function contentTypes(text: string, problem: (message: string) => void): readonly string[] {
  const types = text
    .split(';')
    .map((type) => type.trim().toLowerCase())
    .filter((type) => type !== '');
  const wrong = types.find((type) => !/^[\w.+-]+\/[\w.+-]+$/.test(type));
  if (wrong === undefined) return types;
  problem(`"${wrong}" is not a media type; write them like application/json;application/yaml`);
  return ['application/json'];
}
