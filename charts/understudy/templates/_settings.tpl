{{/* The settings files, as api/understudy_api/settings.py reads them. None holds a secret: they name mounted ones. */}}
{{- define "understudy.s3Settings" -}}
{{- $s3 := dict "endpoint" (include "understudy.s3Endpoint" .) "region" .Values.s3.region "credentials_folder" "/etc/understudy/s3" -}}
{{- $_ := set $s3 "secure" (or .Values.s3.secure (not .Values.s3.endpoint)) -}}
{{- if .Values.s3.authoritySecret -}}
{{- $_ := set $s3 "ca_file" "/etc/understudy/s3-authority/ca.crt" -}}
{{- else if not .Values.s3.endpoint -}}
{{- $_ := set $s3 "ca_file" "/etc/understudy/authority/ca.crt" -}}
{{- end -}}
{{ toJson $s3 }}
{{- end }}

{{- define "understudy.operatorSettings" -}}
{{- $ports := include "understudy.ports" . | fromJson -}}
{{- $s3 := include "understudy.s3Settings" . | fromJson -}}
{{- $vault := dict "url" (include "understudy.vaultUrl" .) "ca_file" "/etc/understudy/authority/ca.crt" -}}
{{- $director := dict "url" (include "understudy.directorUrl" .) "token_file" "/etc/understudy/keys/director.token" "ca_file" "/etc/understudy/authority/ca.crt" -}}
{{- $told := dict
  "namespace" .Release.Namespace
  "s3" $s3
  "public_s3_url" (.Values.s3.publicUrl | default (printf "%s://%s" (ternary "https" "http" $s3.secure) $s3.endpoint))
  "buckets" .Values.s3.buckets
  "farm_key_file" "/etc/understudy/keys/farm.jwk"
  "ray" (dict "address" (include "understudy.dashboardUrl" .) "token_file" "/etc/understudy/keys/ray.token")
  "director" $director
  "pool_public_key_file" "/etc/understudy/keys/pool.pub.jwk"
  "demand_capture_consent" .Values.operator.demandCaptureConsent
  "vault" $vault
  "status_lists" (dict "host" "0.0.0.0" "port" $ports.status "tls_cert" "/etc/understudy/keys/tls.crt" "tls_key" "/etc/understudy/keys/tls.key")
  "ray_pods" (include "understudy.rayPods" . | fromJson)
  "metrics_host" "0.0.0.0"
  "metrics_port" $ports.metrics
  "health_port" $ports.health
-}}
{{- $_ := include "understudy.tracingSettings" . | fromJson | merge $told -}}
{{ mergeOverwrite $told (deepCopy .Values.operator.settings) | toPrettyJson }}
{{- end }}

{{- define "understudy.poolSettings" -}}
{{- $ports := include "understudy.ports" . | fromJson -}}
{{- $keys := "/etc/understudy/keys" -}}
{{- $director := dict "host" "0.0.0.0" "port" $ports.director "token_file" (print $keys "/director.token") "tls_cert" (print $keys "/tls.crt") "tls_key" (print $keys "/tls.key") -}}
{{- $vault := dict "url" (include "understudy.vaultUrl" .) "token_file" "/var/run/understudy/vault/token" "ca_file" "/etc/understudy/authority/ca.crt" -}}
{{- $told := dict
  "s3" (include "understudy.s3Settings" . | fromJson)
  "buckets" .Values.s3.buckets
  "director" $director
  "bundle_key_file" (print $keys "/pool.jwk")
  "bundle_public_key_file" (print $keys "/pool.pub.jwk")
  "farm_public_key_file" (print $keys "/farm.pub.jwk")
  "vault" $vault
  "c2pa" (dict "chain_file" (print $keys "/leaf-chain.pem") "key_file" (print $keys "/leaf.key") "root_file" (print $keys "/root.pem"))
  "status_lists" (dict "farm_url" (include "understudy.statusUrl" .) "farm_ca_file" "/etc/understudy/authority/ca.crt")
  "cache_key_file" (print $keys "/cache.key")
  "metrics_host" "0.0.0.0"
  "metrics_port" $ports.metrics
  "work_dir" "/var/lib/understudy/work"
-}}
{{- $_ := include "understudy.tracingSettings" . | fromJson | merge $told -}}
{{ mergeOverwrite $told (deepCopy .Values.pool.settings) | toPrettyJson }}
{{- end }}

{{- define "understudy.tracingSettings" -}}
{{- $told := dict -}}
{{- with .Values.tracing -}}
{{- if .endpoint -}}
{{- $tracing := dict "endpoint" .endpoint "ratio" .ratio "spans_per_order" .spansPerOrder -}}
{{- if .headersSecret }}{{ $_ := set $tracing "headers_file" "/etc/understudy/tracing/headers" }}{{ end -}}
{{- if .authoritySecret }}{{ $_ := set $tracing "ca_file" "/etc/understudy/tracing-authority/ca.crt" }}{{ end -}}
{{- $_ := set $told "tracing" $tracing -}}
{{- end -}}
{{- end -}}
{{ toJson $told }}
{{- end }}

{{- define "understudy.vaultSettings" -}}
{{- $account := "/var/run/secrets/kubernetes.io/serviceaccount" -}}
{{- $performers := printf "system:serviceaccount:%s:understudy-performer" .Release.Namespace -}}
{{- $told := dict
  "apiserver" (dict "url" "https://kubernetes.default.svc" "token_file" (print $account "/token") "ca_file" (print $account "/ca.crt"))
  "farm_public_key_file" "/etc/understudy/keys/farm.pub.jwk"
  "signing_key_file" "/etc/understudy/keys/vault.jwk"
  "callers" (mergeOverwrite (dict "*" $performers) (deepCopy .Values.vault.callers))
  "s3" (include "understudy.s3Settings" . | fromJson)
  "bucket" .Values.s3.buckets.vault
  "demand_capture_consent" .Values.operator.demandCaptureConsent
  "lease_seconds" .Values.vault.leaseSeconds
  "host" "0.0.0.0"
  "port" (include "understudy.ports" . | fromJson).vault
  "tls_cert" "/etc/understudy/keys/tls.crt"
  "tls_key" "/etc/understudy/keys/tls.key"
-}}
{{- with .Values.vault.transit -}}
{{- $_ := set $told "transit" (merge (dict "token_file" "/etc/understudy/transit/token") (omit . "tokenSecret")) -}}
{{- else -}}
{{- $_ := set $told "keys_folder" "/var/lib/understudy/vault/keys" -}}
{{- end -}}
{{ mergeOverwrite $told (deepCopy .Values.vault.settings) | toPrettyJson }}
{{- end }}

{{- define "understudy.statusUrl" -}}
https://{{ include "understudy.host" (dict "root" . "name" "understudy-status") }}:{{ (include "understudy.ports" . | fromJson).status }}
{{- end }}

{{- define "understudy.vaultUrl" -}}
https://{{ include "understudy.host" (dict "root" . "name" "understudy-vault") }}:{{ (include "understudy.ports" . | fromJson).vault }}
{{- end }}
