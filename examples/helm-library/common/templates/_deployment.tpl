{{- define "common.name" -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{- end }}
{{- define "common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.name" . }}
  annotations:
    checksum/env: {{ .Values.env | toJson | sha256sum }}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: {{ .Chart.Name }}}}
  template:
    metadata: {labels: {app.kubernetes.io/name: {{ .Chart.Name }}}}
    spec:
      containers:
      - name: main
        image: {{ .Values.image | quote }}
        ports:
        {{- range $name, $port := .Values.ports }}
        - {name: {{ $name }}, containerPort: {{ $port }}}
        {{- end }}
        env:
        {{- range $name, $value := .Values.env }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
{{- end }}
