/** Script and style of the confirmation page, served from our own address as its content security policy demands. */

export const PAGE_SCRIPT = `'use strict';
const base = document.body.dataset.base;
const message = document.getElementById('message');

async function post(path, body) {
  const answer = await fetch(base + path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.ok) return true;
  const { message: text } = await answer.json().catch(() => ({ message: 'the server answered ' + answer.status }));
  message.textContent = text;
  return false;
}

document.getElementById('login')?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  if (await post('/api/v1/session', { username, password })) location.reload();
});

document.getElementById('decision')?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const decision = event.submitter.value;
  for (const button of form.querySelectorAll('button')) button.disabled = true;
  if (await post('/api/v1/session/device/decision', { user_code: form.dataset.code, decision })) {
    form.remove();
    message.textContent = decision === 'confirm'
      ? 'Confirmed. You can close this page and go on at the other machine.'
      : 'Denied. The other machine gets no access.';
  }
});
`;

export const PAGE_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 34rem; margin: 10vh auto; padding: 0 1rem; }
label { display: block; margin: 0.75rem 0; }
input { display: block; width: 100%; box-sizing: border-box; padding: 0.5rem; font: inherit; }
button, .button { display: inline-block; padding: 0.5rem 1rem; font: inherit; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-size: 1.25rem; letter-spacing: 0.1em; }
.warning { border-left: 0.25rem solid #c60; padding-left: 0.75rem; }
#message { font-weight: bold; }
`;
