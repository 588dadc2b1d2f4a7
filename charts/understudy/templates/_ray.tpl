{{/* A node of the bundled Ray, or, with a `component` of their own, of the RayClusters that the operator makes; `role` is head or worker. */}}
{{- define "understudy.rayPod" -}}
{{- $ports := include "understudy.ports" .root | fromJson -}}
{{- $ray := .root.Values.ray -}}
{{- $node := index $ray .role -}}
metadata:
  labels:
    {{- include "understudy.labels" (dict "root" .root "component" (.component | default (print "ray-" .role))) | nindent 4 }}
  annotations:
    checksum/settings: {{ include "understudy.poolSettings" .root | sha256sum }}
spec:
  # Performers prove to the vault who they are, and may do nothing in the cluster: the API server gets no token of theirs.
  serviceAccountName: understudy-performer
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- include "understudy.podSecurity" .root | nindent 2 }}
  {{- include "understudy.placing" $node | nindent 2 }}
  containers:
    - name: ray
      {{- include "understudy.image" (dict "root" .root "image" "render") | nindent 6 }}
      command:
        - python
        - -m
        - ray.scripts.scripts
        - start
        {{- if eq .role "head" }}
        - --head
        - --port={{ $ports.gcs }}
        - --dashboard-host=0.0.0.0
        - --dashboard-port={{ $ports.dashboard }}
        - --no-monitor
        - --num-cpus=0
        {{- else }}
        - --address=$(RAY_HEAD):{{ $ports.gcs }}
        - --num-cpus=$(RAY_CPUS)
        - --num-gpus=$(RAY_GPUS)
        {{- end }}
        - --block
        - --node-ip-address=$(POD_IP)
        - --node-manager-port={{ $ports.node }}
        - --object-store-memory={{ int64 $ray.objectStoreBytes }}
        - --include-log-monitor=false
        - --disable-usage-stats
      env:
        {{- include "understudy.environment" .root | nindent 8 }}
        {{- include "understudy.rayEnvironment" .root | nindent 8 }}
        {{- if eq .role "worker" }}
        - {name: RAY_HEAD, value: {{ include "understudy.host" (dict "root" .root "name" "understudy-ray-head") | quote }}}
        - {name: RAY_CPUS, value: {{ $node.cpus | quote }}}
        - {name: RAY_GPUS, value: {{ $node.gpus | quote }}}
        {{- end }}
      ports:
        {{- if eq .role "head" }}
        - {name: gcs, containerPort: {{ $ports.gcs }}}
        - {name: dashboard, containerPort: {{ $ports.dashboard }}}
        - {name: director, containerPort: {{ $ports.director }}}
        - {name: metrics, containerPort: {{ $ports.metrics }}}
        {{- end }}
        - {name: node, containerPort: {{ $ports.node }}}
      # A node that lost its cluster ends by itself (--block), and is started again.
      readinessProbe:
        {{- if eq .role "head" }}
        httpGet: {path: /api/gcs_healthz, port: dashboard}
        {{- else }}
        tcpSocket: {port: node}
        {{- end }}
        periodSeconds: 5
      livenessProbe:
        tcpSocket: {port: {{ ternary "gcs" "node" (eq .role "head") }}}
        initialDelaySeconds: 60
        periodSeconds: 10
        failureThreshold: 12
      {{- $resources := deepCopy $node.resources }}
      {{- if and (eq .role "worker") (gt (int $node.gpus) 0) }}
      {{- $_ := set $resources "limits" (merge (dict "nvidia.com/gpu" $node.gpus) ($resources.limits | default dict)) }}
      {{- end }}
      resources: {{ toJson $resources }}
      {{- include "understudy.containerSecurity" .root | nindent 6 }}
      volumeMounts:
        {{- include "understudy.mounts" .root | nindent 8 }}
        {{- if eq .role "head" }}{{ with include "understudy.tracingMount" .root | trim }}{{ . | nindent 8 }}{{ end }}{{ end }}
        - {name: vault-token, mountPath: /var/run/understudy/vault, readOnly: true}
        - {name: work, mountPath: /var/lib/understudy}
        - {name: memory, mountPath: /dev/shm}
  volumes:
    {{- include "understudy.volumes" (dict "root" .root "process" "pool") | nindent 4 }}
    {{- if eq .role "head" }}{{ with include "understudy.tracingVolume" .root | trim }}{{ . | nindent 4 }}{{ end }}{{ end }}
    - name: vault-token
      projected:
        sources:
          - serviceAccountToken: {audience: understudy-vault, expirationSeconds: 3600, path: token}
    - name: work
      emptyDir: {sizeLimit: {{ $ray.workSize }}}
    - name: memory
      emptyDir: {medium: Memory}
{{- end }}

{{/* What RayClusters of a RenderPool are made of. */}}
{{- define "understudy.rayPods" -}}
{{- $head := include "understudy.rayPod" (dict "root" . "role" "head" "component" "kuberay-head") | fromYaml -}}
{{- $worker := include "understudy.rayPod" (dict "root" . "role" "worker" "component" "kuberay-worker") | fromYaml -}}
{{ toJson (dict "ray_version" (index .Chart.Annotations "understudy.dev/ray-version") "head" $head "worker" $worker) }}
{{- end }}

{{- define "understudy.rayEnvironment" -}}
- name: POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- {name: UNDERSTUDY_POOL_SETTINGS, value: /etc/understudy/settings/settings.json}
# Every process of Ray writes to the container's own log: nothing grows in /tmp, and the cluster's log collector sees it.
- {name: RAY_LOG_TO_STDERR, value: "1"}
- {name: NUMBA_CACHE_DIR, value: /tmp/numba}
- {name: RAY_AUTH_MODE, value: token}
- {name: RAY_AUTH_TOKEN_PATH, value: /etc/understudy/keys/ray.token}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
- {name: OPENBLAS_NUM_THREADS, value: "1"}
- {name: MKL_NUM_THREADS, value: "1"}
- {name: NUMBA_NUM_THREADS, value: "1"}
- {name: RAY_prestart_worker_first_driver, value: "0"}
- {name: RAY_enable_worker_prestart, value: "0"}
- {name: RAY_task_events_report_interval_ms, value: "0"}
- {name: RAY_enable_metrics_collection, value: "0"}
- {name: RAY_event_stats, value: "0"}
- {name: RAY_raylet_report_resources_period_milliseconds, value: "1000"}
- {name: RAY_raylet_report_loads_period_milliseconds, value: "1000"}
- {name: RAY_memory_monitor_refresh_ms, value: "2000"}
- {name: RAY_kill_idle_workers_interval_ms, value: "5000"}
- {name: RAY_raylet_check_gc_period_milliseconds, value: "10000"}
- {name: METRICS_RECORD_INTERVAL_S, value: "60"}
- {name: REPORTER_UPDATE_INTERVAL_MS, value: "60000"}
- {name: GCS_CHECK_ALIVE_INTERVAL_SECONDS, value: "15"}
- {name: NODE_STATS_UPDATE_INTERVAL_SECONDS, value: "60"}
{{- end }}
