{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "common.name" .root }}
spec:
  type: {{ .type }}
  selector: {app.kubernetes.io/name: {{ .root.Chart.Name }}}
  ports:
  {{- range $name, $port := .root.Values.ports }}
  - {name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }}}
  {{- end }}
{{- end }}
