{{/* Rules of NetworkPolicies as JSON. Without `ports` every port is meant. */}}
{{- define "understudy.tcp" -}}
{{- $found := list -}}
{{- range .ports -}}
{{- $found = append $found (dict "port" (int .) "protocol" "TCP") -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{- define "understudy.peers" -}}
{{- $in := dict "key" "app.kubernetes.io/component" "operator" "In" "values" .components -}}
{{- $labels := dict "app.kubernetes.io/name" "understudy" "app.kubernetes.io/instance" .root.Release.Name -}}
{{ toJson (list (dict "podSelector" (dict "matchLabels" $labels "matchExpressions" (list $in)))) }}
{{- end }}

{{- define "understudy.toPods" -}}
{{- $rule := dict "to" (include "understudy.peers" . | fromJsonArray) -}}
{{- if .ports -}}{{- $_ := set $rule "ports" (include "understudy.tcp" . | fromJsonArray) -}}{{- end -}}
{{ toJson $rule }}
{{- end }}

{{- define "understudy.fromPods" -}}
{{- $rule := dict "from" (include "understudy.peers" . | fromJsonArray) -}}
{{- if .ports -}}{{- $_ := set $rule "ports" (include "understudy.tcp" . | fromJsonArray) -}}{{- end -}}
{{ toJson $rule }}
{{- end }}

{{- define "understudy.toBlock" -}}
{{ toJson (dict "to" (list (dict "ipBlock" (dict "cidr" .cidr))) "ports" (include "understudy.tcp" . | fromJsonArray)) }}
{{- end }}

{{- define "understudy.vaultEgress" -}}
{{- $rules := list .api .s3 -}}
{{- with .root.Values.vault.transit -}}
{{- $port := include "understudy.portOf" (dict "url" .url) | trim | int -}}
{{- $rules = append $rules (include "understudy.toBlock" (dict "cidr" $.root.Values.networkPolicy.web.cidr "ports" (list $port)) | fromJson) -}}
{{- end -}}
{{ toJson $rules }}
{{- end }}

{{- define "understudy.policy" }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: understudy-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
spec:
  podSelector:
    matchLabels:
      {{- include "understudy.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range .ingress }}
    - {{ toJson . }}
    {{- else }} []
    {{- end }}
  egress:
    {{- range .egress }}
    - {{ toJson . }}
    {{- else }} []
    {{- end }}
{{- end }}
