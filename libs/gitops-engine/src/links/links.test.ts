/** Deep links (P18): which are shown, where they lead, and what is refused. */
import { describe, expect, it } from 'vitest';
import { evaluateExpression } from './evaluate-expression.js';
import { evaluateLinks } from './index.js';
import { renderTemplate } from './render-template.js';

const data = {
  application: {
    metadata: { name: 'web', labels: { 'a/b': 'c' }, annotations: { host: 'logs.example' } },
    spec: { project: 'default', sources: [{ path: 'one' }, { path: 'two' }], destination: { namespace: 'a b' } },
  },
  replicas: 3,
  on: true,
};

describe('a condition', () => {
  it.each<[string, unknown]>([
    ['application.spec.project == "default"', true],
    ["application.spec.project != 'default' || application.metadata.name == `web`", true],
    ['not (replicas > 2 and on)', false],
    ['!on or replicas >= 3', true],
    ['application.metadata.labels["a/b"] == "c"', true],
    ['application.spec.sources[-1].path', 'two'],
    ['application.metadata.missing == nil', true],
    ['project == nil', true],
    ['project?.metadata.name ?? "none"', 'none'],
    ['"host" in application.metadata.annotations', true],
    ['"x" not in ["a", "b"]', true],
    ['1 + 2 * 3 - 4 == 3', true],
    ['1 + 2 not in [3]', false],
    ['application.metadata.name matches "^w.b$"', true],
    ['application.metadata.name not matches "^x"', true],
    ['application.metadata.name startsWith "w" && application.metadata.name endsWith "b"', true],
    ['application.spec.destination.namespace contains " "', true],
    ['-2 ** 2', -4],
    ['2 ** 3 ** 2', 512],
    ['on ? "yes" : "no"', 'yes'],
    ['len(application.spec.sources) == 2 /* both */ // of them', true],
    ['upper(application.metadata.name) + lower("X") + string(replicas)', 'WEBx3'],
    ['int("7") % 4', 3],
    ['join(split("a,b", ","), "-")', 'a-b'],
    ['first(keys(application.metadata.labels)) == last(["a/b"])', true],
    ['$env["replicas"] == 3.0', true],
    ['application.spec.sources == [1]', false],
    ['"\\u0041\\n" == "A\n"', true],
  ])('%s is %j', (expression, expected) => {
    expect(evaluateExpression(expression, data)).toEqual(expected);
  });

  it.each([
    ['project.metadata.name', /cannot fetch "metadata" from nil/],
    ['application.metadata.missing.deeper', /cannot fetch "deeper" from nil/],
    ['application.metadata.name && on', /expected true or false, found string/],
    ['application.constructor.constructor("return 1")()', /unexpected|cannot fetch/],
    ['application.metadata.name.length', /cannot fetch "length" from string/],
    ['constructor("x")', /function constructor is not known here/],
    ['fetch("https://evil.example")', /function fetch is not known here/],
    ['replicas +', /unexpected end/],
    ['(on', /expected "\)"/],
    ['on on', /unexpected "on"/],
    ['on # x', /unexpected character "#"/],
    ['"a" matches "("', /is not a regular expression/],
    ['on not + 1', /unexpected "\+" after not/],
    ['"a" > 1', /expected a number, found string/],
    [`${'('.repeat(200)}on`, /nested deeper than 100 levels/],
    [`${'!'.repeat(200)}on`, /nested deeper than 100 levels/],
    ['x'.repeat(10_001), /longer than 10000 characters/],
  ])('%s is refused', (expression, message) => {
    expect(() => evaluateExpression(expression, data)).toThrow(message);
  });

  it('reaches nothing of JavaScript', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(evaluateExpression(name, data)).toBeUndefined();
      expect(evaluateExpression(`application["${name}"]`, data)).toBeUndefined();
      expect(renderTemplate(`{{.${name}}}`, data)).toBe('<no value>');
    }
  });
});

describe('an address', () => {
  it.each([
    ['https://x/{{.application.metadata.name}}?a=1', 'https://x/web?a=1'],
    ['{{ $.application.metadata.name }}', 'web'],
    ['{{.application.metadata.missing}}', '<no value>'],
    ['{{index .application.metadata.labels "a/b"}}', 'c'],
    ['{{(index .application.spec.sources 1).path}}', 'two'],
    ['{{.application.spec.destination.namespace | urlquery}}', 'a+b'],
    ['{{ .missing | default "none" | upper | quote }}', '"NONE"'],
    ['{{if eq .application.spec.project "x"}}x{{else if .on}}on{{else}}off{{end}}', 'on'],
    ['{{with .application.metadata}}{{.name}}/{{$.replicas}}{{else}}none{{end}}', 'web/3'],
    ['{{if not .missing}}a{{end}}', 'a'],
    ['{{if and .on .missing}}a{{else}}b{{end}}{{if or .missing .on}}c{{end}}', 'bc'],
    ['a {{- /* nothing */ -}} b', 'ab'],
    ['a {{- .replicas -}} b', 'a3b'],
    ['{{printf "%s-%d-%v%%" .application.metadata.name .replicas .on}}', 'web-3-true%'],
    ['{{print .application.metadata.labels .application.spec.sources}}', 'map[a/b:c] [map[path:one] map[path:two]]'],
    ['{{splitList "." "a.b.c" | last}}{{join "-" (splitList "." "a.b")}}', 'ca-b'],
    ['{{trimPrefix "w" "web"}}{{trimSuffix "b" "web"}}{{trunc 2 "web"}}{{substr 1 2 "web"}}', 'ebwewee'],
    ['{{replace "e" "a" "web"}}{{ternary "y" "n" .on}}{{"x" | b64enc | b64dec}}', 'wabyx'],
    ['{{if gt .replicas 2}}{{len .application.spec.sources}}{{end}}', '2'],
    ['{{`raw "text"`}}', 'raw "text"'],
  ])('%s is %s', (template, expected) => {
    expect(renderTemplate(template, data)).toBe(expected);
  });

  it.each([
    ['{{.project.metadata.name}}', /there is no field metadata in what is missing/],
    ['{{.application.metadata.name.first}}', /there is no field first in web/],
    ['{{env "HOME"}}', /function env is not known here/],
    ['{{range .x}}{{end}}', /function range is not known here|unexpected/],
    ['{{.x := 1}}', /is not supported here/],
    ['{{if .on}}', /without \{\{end\}\}/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{.on', /\{\{ without \}\}/],
    ['{{(.on}}', /\( without \)/],
    ['{{.on)}}', /unexpected \)/],
    ['{{.on | }}', /a command is empty/],
    ['{{.on .replicas}}', /a value is used like a function/],
    ['{{lt 1 "a"}}', /cannot compare/],
    ['{{index .application.spec.sources 9}}', /index out of range/],
    [`{{"a" ${'| replace "a" "aa" '.repeat(20)}}}`, /longer than 8192 characters/],
    ['{{if .on}}'.repeat(60), /nested deeper than 50 levels/],
    ['x'.repeat(10_001), /longer than 10000 characters/],
  ])('%s is refused', (template, message) => {
    expect(() => renderTemplate(template, data)).toThrow(message);
  });
});

describe('links', () => {
  const link = (title: string, more: object = {}) => ({
    title,
    url: 'https://x/{{.application.metadata.name}}',
    ...more,
  });

  it('are shown in order, with what describes them, unless their condition is false', () => {
    const links = [
      link('first', { description: 'd', iconClass: 'fa-book', condition: 'on' }),
      link('hidden', { condition: '!on' }),
      link('last'),
    ];
    expect(evaluateLinks(links, data)).toEqual({
      links: [
        { title: 'first', url: 'https://x/web', description: 'd', iconClass: 'fa-book' },
        { title: 'last', url: 'https://x/web' },
      ],
      problems: [],
    });
  });

  it('that cannot be evaluated are left out and reported, the others are shown', () => {
    const links = [
      link('text', { condition: 'application.metadata.name' }),
      link('nil', { condition: 'project.spec.x == 1' }),
      link('broken', { url: '{{' }),
      link('good'),
    ];
    const { links: shown, problems } = evaluateLinks(links, data);
    expect(shown.map(({ title }) => title)).toEqual(['good']);
    expect(problems).toEqual([
      expect.stringMatching(/^link "text": its condition .* is neither true nor false/),
      expect.stringMatching(/^link "nil": cannot fetch "spec" from nil/),
      expect.stringMatching(/^link "broken": \{\{ without \}\}/),
    ]);
  });

  it.each(['javascript:alert(1)', ' JaVa\tScript:alert(1)', 'data:text/html,x', 'vbscript:x'])(
    'never lead to %j',
    (url) => {
      const { links, problems } = evaluateLinks([{ title: 'bad', url: '{{.url}}' }], { url });
      expect([links, problems.length]).toEqual([[], 1]);
    },
  );
});
