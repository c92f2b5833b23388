/**
 * Fifty pieces of markup in every text that comes back (S24): answers are JSON that no browser takes for a page, and what is a
 * page or an image has them escaped. No link runs code.
 */
import { eventually } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { applicationBody } from './fixtures.js';
import { type Input, operations, urlOf } from './operations.js';
import type { World } from './world.js';

const PAYLOADS: readonly string[] = [
  '<script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "'><script>alert(1)</script>",
  '</title><script>alert(1)</script>',
  '</text><script>alert(1)</script>',
  '</svg><script>alert(1)</script>',
  ']]><script>alert(1)</script>',
  '--><script>alert(1)</script>',
  '<SCRIPT SRC=//x.invalid></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '"><img src=x onerror=alert(1)>',
  '<img/src=x/onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg/onload=alert(1)//',
  '<svg><animate onbegin=alert(1)>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a>',
  '<body onload=alert(1)>',
  '<iframe src=javascript:alert(1)>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<object data=javascript:alert(1)>',
  '<embed src=javascript:alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="jav&#x09;ascript:alert(1)">x</a>',
  '<form action=javascript:alert(1)><button>x',
  '<math><mtext></mtext><script>alert(1)</script>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<marquee onstart=alert(1)>',
  '<style>@import "//x.invalid";</style>',
  '<link rel=stylesheet href=//x.invalid>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<base href=//x.invalid>',
  '<!--<img src="--><img src=x onerror=alert(1)>',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
  '<foreignObject><body onload=alert(1)></foreignObject>',
  '" onmouseover="alert(1)',
  "' onmouseover='alert(1)",
  '` onmouseover=`alert(1)',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '\\u003cscript\\u003ealert(1)\\u003c/script\\u003e',
  '\u2028<script>alert(1)</script>\u2029',
  '+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  '{{constructor.constructor("alert(1)")()}}',
  '${alert(1)}',
  'javascript:alert(1)//<script>',
];

/** Addresses that run code when somebody follows them. Others than web pages are for administrators to decide. */
const SCRIPT_URLS: readonly string[] = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
];

export function describeMarkup(world: () => World): void {
  const ask = async (operationId: string, input: Input) => {
    const route = operations.get(operationId);
    if (route === undefined) throw new Error(`the contract has no ${operationId}`);
    return world().client.call(route, input, world().callers.admin);
  };
  const get = (url: string) => world().client.raw({ who: 'anonymous', what: url, method: 'GET', url });
  const expectHarmless = (headers: Headers, where: string) => {
    expect(headers.get('content-type'), where).toMatch(/^application\/json/);
    expect(headers.get('x-content-type-options'), where).toBe('nosniff');
    expect(headers.get('content-security-policy'), where).toMatch(/default-src/);
    expect(headers.get('content-security-policy'), where).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
  };

  describe('markup is never a page (S24)', () => {
    it('fifty pieces', () => {
      expect(new Set(PAYLOADS).size).toBe(50);
    });

    it('in errors that repeat what was asked for', async () => {
      const named = [...operations.values()].filter(({ path, stream }) => path.includes('{') && stream !== true);
      for (const [index, payload] of PAYLOADS.entries()) {
        // Each is tried with a few operations, and every operation with several of them.
        const some = named.filter((_, at) => at % 5 === index % 5);
        await Promise.all(
          some.map(async (route) => {
            const names = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => [name, payload] as const);
            const { method, operationId } = route;
            const url = urlOf(route, { params: Object.fromEntries(names) });
            const { admin } = world().callers;
            const request = { who: 'admin', what: operationId, token: admin.token, method, url };
            const body = route.schemas.body === undefined ? {} : { body: '{}' };
            const answer = await world().client.raw({ ...request, ...body });
            expect(answer.status, answer.text).toBeLessThan(500);
            expectHarmless(answer.headers, `${operationId} ${payload}`);
          }),
        );
      }
    });

    it.each(['/', '/api/v1/', '/api/', '/auth/', '/swagger-ui/static/'])('in paths below %s', async (prefix) => {
      for (const payload of PAYLOADS) {
        const answer = await get(`${prefix}${encodeURIComponent(payload)}`);
        expect(answer.status, payload).toBeLessThan(500);
        if (answer.headers.get('content-type')?.startsWith('application/json') === true) continue;
        expect(answer.text.includes(payload), `${prefix}${payload}: ${answer.text.slice(0, 300)}`).toBe(false);
      }
    });

    it('in an object that is stored and shown', async () => {
      const name = world().fresh('case');
      const annotations = Object.fromEntries(PAYLOADS.map((payload, index) => [`example.com/p${index}`, payload]));
      const info = PAYLOADS.map((value, index) => ({ name: `p${index}`, value }));
      const { metadata, spec } = applicationBody(world(), name);
      const body = {
        metadata: { ...metadata, annotations: { ...annotations, ...metadata.annotations } },
        spec: { ...spec, info },
      };
      const created = await ask('ApplicationService_Create', { body });
      expect(created.status, created.text).toBe(200);
      const shown = await ask('ApplicationService_Get', { params: { name } });
      expectHarmless(shown.headers, 'get');
      expect(shown.json).toMatchObject({ metadata: { annotations }, spec: { info } });
      const project = {
        metadata: { name: world().fresh('case') },
        spec: { description: PAYLOADS.join(' ').slice(0, 250) },
      };
      const listed = await ask('ProjectService_Create', { body: { project } });
      expect(listed.status, listed.text).toBe(200);
      expectHarmless(listed.headers, 'project');
    });

    it('in the badge: an image that runs nothing', async () => {
      const { kube, namespace } = world();
      for (const payload of PAYLOADS) {
        const query = new URLSearchParams({ name: payload, revision: 'true', showAppName: 'true', width: payload });
        const refused = await get(`/api/badge?${query}`);
        expect(refused.status).toBe(400);
        expectHarmless(refused.headers, payload);
      }
      const name = world().fresh('case');
      expect((await ask('ApplicationService_Create', { body: applicationBody(world(), name) })).status).toBe(200);
      for (const payload of PAYLOADS.slice(0, 10)) {
        const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
        const sync = { comparedTo: { source: applicationBody(world(), name).spec.source, destination: {} } };
        await kube.patch(path, { status: { sync: { ...sync, status: 'Synced', revision: payload } } });
        const badge = await get(`/api/badge?name=${name}&revision=true&keepFullRevision=true&showAppName=true`);
        expect(badge.status, badge.text).toBe(200);
        expect(badge.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
        expect(badge.headers.get('x-content-type-options')).toBe('nosniff');
        expect(badge.text.match(/<(?!\/?(svg|title|rect|text)[\s>/])/g)).toBeNull();
        expect(badge.text).not.toMatch(/<[^>]*\son\w+=/);
      }
    });

    it('in the page of device logins', async () => {
      for (const payload of PAYLOADS) {
        const page = await get(`/device?user_code=${encodeURIComponent(payload)}`);
        expect(page.text.includes(payload) && payload.includes('<'), payload).toBe(false);
      }
    });
  });

  describe('links run nothing (S24)', () => {
    it.each(SCRIPT_URLS)('not to %j', async (url) => {
      const { kube, namespace, server } = world();
      const path = `/api/v1/namespaces/${namespace}/configmaps/argocd-cm`;
      const original = await kube.get<{ readonly data: Readonly<Record<string, string>> }>(path);
      const links = JSON.stringify([{ title: 'x', url }]);
      try {
        await kube.patch(path, { data: { 'application.links': links, 'project.links': links } });
        await eventually(() =>
          expect(server.deps.applications.settings.configMap('argocd-cm')['project.links']).toBe(links),
        );
        for (const [operationId, name] of [
          ['ApplicationService_ListLinks', 'shop'],
          ['ProjectService_ListLinks', 'team'],
        ] as const) {
          const { status, json } = await ask(operationId, { params: { name } });
          expect(status).toBe(200);
          const { items } = json as { readonly items: readonly { readonly url: string }[] };
          expect(items.filter((item) => !/^(https?|mailto):/i.test(item.url.trim()))).toEqual([]);
        }
      } finally {
        const { 'application.links': application = '', 'project.links': project = '' } = original.data;
        await kube.patch(path, { data: { 'application.links': application, 'project.links': project } });
      }
    });
  });
}
