{{/* Ports and folders stand here once; everything else asks for them. */}}
{{- define "understudy.selector" -}}
app.kubernetes.io/name: understudy
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "understudy.labels" -}}
{{ include "understudy.selector" . }}
app.kubernetes.io/part-of: understudy
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "understudy.image" -}}
{{- $image := index .root.Values.image .image -}}
image: {{ printf "%s:%s" $image.repository ($image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end }}

{{- define "understudy.host" -}}
{{ .name }}.{{ .root.Release.Namespace }}.svc
{{- end }}

{{- define "understudy.ports" -}}
{"metrics": 9090, "health": 9091, "status": 8444, "vault": 8443, "director": 8443, "dashboard": 8265, "gcs": 6379, "node": 6380, "minio": 9000}
{{- end }}

{{/* Port of a URL or of host:port; `otherwise` where it names none. */}}
{{- define "understudy.portOf" -}}
{{- $named := regexFind ":[0-9]+/?$" .url | trimPrefix ":" | trimSuffix "/" -}}
{{ $named | default (ternary 80 443 (hasPrefix "http://" .url)) }}
{{- end }}

{{- define "understudy.s3Endpoint" -}}
{{- if .Values.s3.endpoint -}}
{{ .Values.s3.endpoint }}
{{- else if .Values.minio.enabled -}}
{{ include "understudy.host" (dict "root" . "name" "understudy-minio") }}:{{ (include "understudy.ports" . | fromJson).minio }}
{{- else -}}
{{ fail "s3.endpoint: wanted host:port of your S3, got none; name it, or set minio.enabled=true to try the farm out" }}
{{- end -}}
{{- end }}

{{- define "understudy.dashboardUrl" -}}
{{- if .Values.ray.enabled -}}
http://{{ include "understudy.host" (dict "root" . "name" "understudy-ray-head") }}:{{ (include "understudy.ports" . | fromJson).dashboard }}
{{- else -}}
{{ .Values.pool.dashboardUrl }}
{{- if not .Values.pool.dashboardUrl }}{{ fail "pool.dashboardUrl: wanted http://host:port of your Ray, got none; name it, or set ray.enabled=true to try the farm out" }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "understudy.directorUrl" -}}
{{- if .Values.ray.enabled -}}
https://{{ include "understudy.host" (dict "root" . "name" "understudy-ray-head") }}:{{ (include "understudy.ports" . | fromJson).director }}
{{- else -}}
{{ .Values.pool.directorUrl }}
{{- if not .Values.pool.directorUrl }}{{ fail "pool.directorUrl: wanted https://host:port of your Ray head, got none; name it, or set ray.enabled=true to try the farm out" }}{{ end -}}
{{- end -}}
{{- end }}
