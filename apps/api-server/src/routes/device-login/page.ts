/** The page where a person confirms a device login: plain HTML from the server, without any inline script or style. */
import { showUserCode, type WaitingLogin } from '../../auth/federation/device-logins.js';

export interface DevicePage {
  /** Undefined: nobody has logged in. */
  readonly username: string | undefined;
  /** Normalized; undefined: none was given or it cannot be one. */
  readonly userCode: string | undefined;
  /** Whether a code was given at all. */
  readonly wasAsked: boolean;
  readonly waiting: WaitingLogin | undefined;
  /** Where single sign-on begins; undefined: there is none. */
  readonly ssoUrl: string | undefined;
  /** Path that this page is below, without a slash at the end. */
  readonly basePath: string;
}

export function renderDevicePage(page: DevicePage): string {
  const base = escapeHtml(page.basePath);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Confirm a login</title>
<link rel="stylesheet" href="${base}/device/page.css">
<script src="${base}/device/page.js" defer></script>
</head>
<body data-base="${base}">
<main>
<h1>Confirm a login</h1>
${contentOf(page)}
<p id="message" role="status" aria-live="polite"></p>
</main>
</body>
</html>
`;
}

function contentOf(page: DevicePage): string {
  if (page.username === undefined) return loginForm(page);
  if (page.waiting === undefined || page.userCode === undefined) return codeForm(page);
  return decisionForm(page.username, page.userCode, page.waiting);
}

function loginForm({ ssoUrl }: DevicePage): string {
  const sso =
    ssoUrl === undefined ? '' : `<p><a class="button" href="${escapeHtml(ssoUrl)}">Log in with single sign-on</a></p>`;
  return `<p>Log in first; then you can confirm the login of the other machine.</p>
${sso}
<form id="login">
<label>User name <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Log in</button>
</form>`;
}

function codeForm({ username = '', wasAsked }: DevicePage): string {
  const refusal = wasAsked
    ? '<p class="warning">This code is not known, was used, or its time is over. Look at the other machine for the code.</p>'
    : '';
  return `<p>You are logged in as <strong>${escapeHtml(username)}</strong>.</p>
${refusal}
<form id="code" method="get">
<label>Code that the other machine shows
<input name="user_code" required autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="BCDF-GHJK"></label>
<button type="submit">Continue</button>
</form>`;
}

function decisionForm(username: string, userCode: string, { client, requestedAt }: WaitingLogin): string {
  const shown = showUserCode(userCode);
  return `<p>You are logged in as <strong>${escapeHtml(username)}</strong>. A machine asks to act in your name:</p>
<dl>
<dt>Code</dt><dd><code>${shown}</code></dd>
<dt>Says that it is</dt><dd>${escapeHtml(client.name)}</dd>
<dt>Asked from</dt><dd>${escapeHtml(client.address)}</dd>
<dt>At</dt><dd><time datetime="${escapeHtml(requestedAt)}">${escapeHtml(requestedAt)}</time></dd>
</dl>
<p class="warning">Confirm only if you began this login yourself, just now, and that machine shows the same code.
If somebody sent you here, deny.</p>
<form id="decision" data-code="${shown}">
<button type="submit" value="deny">Deny</button>
<button type="submit" value="confirm" class="confirm">Confirm</button>
</form>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
