{{/* Names, labels and the pieces that every pod shares. */}}

{{- define "tiphys.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "tiphys.name" -}}
{{ include "tiphys.fullname" .root }}-{{ .component }}
{{- end -}}

{{- define "tiphys.selectorLabels" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: tiphys-{{ .component }}
{{- end -}}

{{- define "tiphys.labels" -}}
{{ include "tiphys.selectorLabels" . }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: tiphys
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* Labels of the settings objects: Argo CD's, so that its tools find them. */}}
{{- define "tiphys.configLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: argocd
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end -}}

{{- define "tiphys.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "tiphys.redisSecret" -}}
{{ default (printf "%s-redis" (include "tiphys.fullname" .)) .Values.redis.existingSecret }}
{{- end -}}

{{- define "tiphys.cacheSecret" -}}
{{ default (printf "%s-cache-key" (include "tiphys.fullname" .)) .Values.cache.existingSecret }}
{{- end -}}

{{- define "tiphys.redisAddress" -}}
{{- if .Values.redis.enabled -}}
{{ include "tiphys.fullname" . }}-redis.{{ .Release.Namespace }}.svc:6379
{{- else -}}
{{ required "redis.externalAddress is needed when redis.enabled is false" .Values.redis.externalAddress }}
{{- end -}}
{{- end -}}

{{/* Arguments: root, component, key (of values.certificates.existingSecrets). */}}
{{- define "tiphys.tlsSecret" -}}
{{ default (printf "%s-tls" (include "tiphys.name" .)) (index .root.Values.certificates.existingSecrets .key) }}
{{- end -}}

{{- define "tiphys.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "tiphys.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Environment of all three services. Arguments: root, component, values, opsPort. */}}
{{- define "tiphys.env" -}}
- {name: NODE_ENV, value: production}
- {name: NODE_OPTIONS, value: "--max-semi-space-size=4"}
- {name: MALLOC_ARENA_MAX, value: "2"}
- {name: TIPHYS_NAMESPACE, value: {{ .root.Release.Namespace | quote }}}
{{- with .root.Values.log.level }}
- {name: TIPHYS_LOG_LEVEL, value: {{ . | quote }}}
{{- end }}
{{- with .root.Values.log.format }}
- {name: TIPHYS_LOG_FORMAT, value: {{ . | quote }}}
{{- end }}
{{- include "tiphys.paramsEnv" . }}
- {name: TIPHYS_REDIS_ADDRESS, value: {{ include "tiphys.redisAddress" .root | quote }}}
- {name: TIPHYS_REDIS_PASSWORD_FILE, value: /etc/tiphys/redis/password}
- {name: TIPHYS_CACHE_KEY_FILE, value: /etc/tiphys/cache/key}
- {name: TIPHYS_TLS_DIR, value: /etc/tiphys/tls}
- {name: TIPHYS_METRICS_LISTEN, value: "0.0.0.0:{{ .opsPort }}"}
{{- if ne .component "repo-server" }}
- {name: TIPHYS_REPO_SERVER_ADDRESS, value: "{{ include "tiphys.fullname" .root }}-repo-server.{{ .root.Release.Namespace }}.svc:8081"}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Variables from argocd-cmd-params-cm, by Argo CD's names of both: log, traces, and metrics of the controller. Arguments: component.
*/}}
{{- define "tiphys.paramsEnv" -}}
{{- $variable := get (dict "api-server" "ARGOCD_SERVER" "repo-server" "ARGOCD_REPO_SERVER" "application-controller" "ARGOCD_APPLICATION_CONTROLLER") .component }}
{{- $key := get (dict "api-server" "server" "repo-server" "reposerver" "application-controller" "controller") .component }}
{{- $keys := dict (printf "%s_LOGLEVEL" $variable) (printf "%s.log.level" $key) (printf "%s_LOGFORMAT" $variable) (printf "%s.log.format" $key) "ARGOCD_LOG_FORMAT_TIMESTAMP" "log.format.timestamp" }}
{{- range $name := list "address" "insecure" "headers" "attrs" "sample.ratio" }}
{{- $_ := set $keys (printf "%s_OTLP_%s" $variable ($name | replace "." "_" | upper)) (printf "otlp.%s" $name) }}
{{- end }}
{{- if eq .component "application-controller" }}
{{- range $name := list "application.labels" "application.conditions" "cluster.labels" "cache.expiration" }}
{{- $_ := set $keys (printf "%s_METRICS_%s" $variable ($name | replace "." "_" | upper)) (printf "controller.metrics.%s" $name) }}
{{- end }}
{{- end }}
{{- range $name, $parameter := $keys }}
- name: {{ $name }}
  valueFrom: {configMapKeyRef: {name: argocd-cmd-params-cm, key: {{ $parameter }}, optional: true}}
{{- end }}
{{- end -}}

{{- define "tiphys.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{- define "tiphys.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: redis, mountPath: /etc/tiphys/redis, readOnly: true}
- {name: cache, mountPath: /etc/tiphys/cache, readOnly: true}
- {name: tls, mountPath: /etc/tiphys/tls, readOnly: true}
{{- end -}}

{{/* Arguments: root, component, key. */}}
{{- define "tiphys.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
- name: redis
  secret: {secretName: {{ include "tiphys.redisSecret" .root }}, items: [{key: password, path: password}]}
- name: cache
  secret: {secretName: {{ include "tiphys.cacheSecret" .root }}, items: [{key: key, path: key}]}
- name: tls
  secret: {secretName: {{ include "tiphys.tlsSecret" . }}}
{{- end -}}

{{/* Pod metadata and scheduling. Arguments: root, component, values. */}}
{{- define "tiphys.podMetadata" -}}
labels:
  {{- include "tiphys.labels" . | nindent 2 }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tiphys.scheduling" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "tiphys.selectorLabels" . | nindent 6 }}
{{- end -}}
