{{/* What every pod has in common: PodSecurity "restricted", files at the same places. */}}
{{- define "understudy.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.runAs.user }}
  runAsGroup: {{ .Values.runAs.group }}
  fsGroup: {{ .Values.runAs.group }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "understudy.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "understudy.placing" -}}
{{- with .nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- end }}

{{- define "understudy.environment" -}}
- {name: HOME, value: /tmp}
- {name: PYTHONUNBUFFERED, value: "1"}
- {name: PYTHONDONTWRITEBYTECODE, value: "1"}
- {name: OMP_NUM_THREADS, value: "1"}
{{- end }}

{{- define "understudy.mounts" -}}
- {name: settings, mountPath: /etc/understudy/settings, readOnly: true}
- {name: keys, mountPath: /etc/understudy/keys, readOnly: true}
- {name: account, mountPath: /etc/understudy/s3, readOnly: true}
- {name: authority, mountPath: /etc/understudy/authority, readOnly: true}
{{- if .Values.s3.authoritySecret }}
- {name: s3-authority, mountPath: /etc/understudy/s3-authority, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "understudy.volumes" -}}
- name: settings
  configMap: {name: {{ printf "understudy-%s-settings" .process }}}
- name: keys
  secret: {secretName: {{ index .root.Values.secrets .process }}, defaultMode: 0440}
- name: account
  secret: {secretName: {{ index .root.Values.secrets (printf "s3%s" (title .process)) }}, defaultMode: 0440}
- name: authority
  secret: {secretName: {{ .root.Values.secrets.authority }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- with .root.Values.s3.authoritySecret }}
- name: s3-authority
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
- name: tmp
  emptyDir: {}
{{- end }}

{{/* Where spans are sent from: the operator and the heads of Ray, never a worker. */}}
{{- define "understudy.tracingMount" -}}
{{- if and .Values.tracing.endpoint .Values.tracing.headersSecret }}
- {name: tracing, mountPath: /etc/understudy/tracing, readOnly: true}
{{- end }}
{{- if and .Values.tracing.endpoint .Values.tracing.authoritySecret }}
- {name: tracing-authority, mountPath: /etc/understudy/tracing-authority, readOnly: true}
{{- end }}
{{- end }}

{{- define "understudy.tracingVolume" -}}
{{- if and .Values.tracing.endpoint .Values.tracing.headersSecret }}
- name: tracing
  secret: {secretName: {{ .Values.tracing.headersSecret }}, defaultMode: 0440, items: [{key: headers, path: headers}]}
{{- end }}
{{- if and .Values.tracing.endpoint .Values.tracing.authoritySecret }}
- name: tracing-authority
  secret: {secretName: {{ .Values.tracing.authoritySecret }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
