{{- define "common.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .ctx.Release.Name }}-{{ .name }}
  labels: {{- toYaml .ctx.Values.labels | nindent 4 }}
data:
  raw: {{ .ctx.Files.Get "settings.ini" | quote }}
{{- end -}}
