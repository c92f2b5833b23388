{{- range .Values.routes }}route {{ . }};
{{ end -}}
