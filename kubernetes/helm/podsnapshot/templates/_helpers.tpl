{{- define "podsnapshot.image" -}}
image: {{ printf "%s/%s:%s" .root.Values.image.repository .name (toString .root.Values.image.tag) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- end }}

{{/* The settings, as a YAML map of strings. */}}
{{- define "podsnapshot.config" -}}
{{- $config := dict }}
{{- with .Values.store.endpoint }}{{ $_ := set $config "PODSNAPSHOT_STORE_ENDPOINT" . }}{{ end }}
{{- if .Values.store.credentialsSecret }}{{ $_ := set $config "GOOGLE_APPLICATION_CREDENTIALS" "/var/run/secrets/store/credentials.json" }}{{ end }}
{{- with .Values.cache.bytes }}{{ $_ := set $config "PODSNAPSHOT_CACHE_BYTES" (include "podsnapshot.number" .) }}{{ end }}
{{- with .Values.spool.reserveBytes }}{{ $_ := set $config "PODSNAPSHOT_SPOOL_RESERVE_BYTES" (include "podsnapshot.number" .) }}{{ end }}
{{- if ne .Values.node.runsc "/usr/local/bin/runsc" }}{{ $_ := set $config "RUNSC" .Values.node.runsc }}{{ end }}
{{- with .Values.node.runscToml }}{{ $_ := set $config "RUNSC_TOML" . }}{{ end }}
{{- with .Values.node.runscRoot }}{{ $_ := set $config "PODSNAPSHOT_RUNSC_ROOT" . }}{{ end }}
{{- with .Values.node.kubeletRoot }}{{ $_ := set $config "PODSNAPSHOT_KUBELET_ROOT" . }}{{ end }}
{{- if ne .Values.namespace "podsnapshot-system" }}{{ $_ := set $config "PODSNAPSHOT_CONTROLLER_HOST" (printf "podsnapshot-controller.%s" .Values.namespace) }}{{ end }}
{{- range $name, $value := .Values.config }}{{ $_ := set $config $name (include "podsnapshot.number" $value) }}{{ end }}
{{- if $config }}{{ toYaml $config }}{{ end }}
{{- end }}

{{/* Large numbers arrive as 2.147483648e+10. */}}
{{- define "podsnapshot.number" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* A change of the settings restarts the Pods. */}}
{{- define "podsnapshot.checksum" -}}
{{- with include "podsnapshot.config" . }}
annotations:
  checksum/config: {{ sha256sum . }}
{{- end }}
{{- end }}
