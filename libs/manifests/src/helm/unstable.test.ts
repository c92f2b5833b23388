/** Which templates are warned about: those that can call a function whose result changes. */
import { describe, expect, it } from 'vitest';
import { unstableWarnings } from './unstable.js';

const HELPERS = {
  path: 'templates/_helpers.tpl',
  text: `{{- define "lib.password" -}}{{ if .x }}{{ randAlphaNum 10 }}{{ else }}{{ end }}{{- end -}}
{{- define "lib.used" -}}{{ include "lib.password" . }}{{- end -}}
{{- define "lib.cert" -}}{{ $ca := genCA "x" 1 }}{{- end -}}`,
};
const warned = (text: string, path = 'templates/a.yaml'): readonly string[] =>
  unstableWarnings([HELPERS, { path, text }]).map((warning) => /"(\w+)"/.exec(warning)?.[1] ?? '');

describe('unstable functions', () => {
  it.each<[string, string, readonly string[]]>([
    ['helpers that nobody includes are left alone', 'a: {{ .Values.a }}', []],
    ['a call', 'a: {{ now | date "2006" }}', ['now']],
    ['a call in a pipe', 'a: {{ .Values.a | default (uuidv4) }}', ['uuidv4']],
    ['an included helper', 'a: {{ include "lib.password" . }}', ['randAlphaNum']],
    ['a helper of a helper', 'a: {{ template "lib.used" . }}', ['randAlphaNum']],
    ['another helper only', 'a: {{- include "lib.cert" . -}}', ['genCA']],
    ['a helper whose name only the run knows', 'a: {{ include .Values.name . }}', ['genCA', 'randAlphaNum']],
    ['a helper with a name put together', 'a: {{ include (print "lib." "cert") . }}', ['genCA', 'randAlphaNum']],
    ['templates from values', 'a: {{ tpl .Values.a . }}', ['genCA', 'randAlphaNum']],
    ['names of values and variables are no calls', 'a: {{ .Values.now }}{{ $now }}{{ .lookup }}{{ "now" }}', []],
    ['comments are no calls', '{{/* now */}}{{- /* lookup */ -}}# now', []],
    ['several', 'a: {{ lookup "v1" "Secret" "" "" }}{{ htpasswd "a" "b" }}', ['htpasswd', 'lookup']],
  ])('%s', (_name, text, expected) => {
    expect(warned(text)).toEqual(expected);
  });

  it.each([
    ['open actions', '{{'.repeat(1_000_000)],
    ['open texts', `{{ ${'"\\"'.repeat(500_000)} }}`],
    ['open comments', `{{ ${'/*'.repeat(500_000)} }}`],
    ['includes', `{{ ${'include "'.repeat(200_000)} }}`],
    ['definitions', '{{ define "a" }}'.repeat(50_000)],
    ['spaces', `{{ include${' '.repeat(500_000)}}}`],
  ])('S12 a text full of %s is read in linear time', (_name, text) => {
    const started = performance.now();
    warned(text);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('what only NOTES.txt calls does not matter', () => {
    expect(warned('{{ now }}', 'templates/NOTES.txt')).toEqual([]);
  });
});
