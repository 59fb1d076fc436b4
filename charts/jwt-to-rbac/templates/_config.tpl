{{- /* Whether the values hold the program's own form of the configuration; else the first system's. */}}
{{- define "jwt-to-rbac.isOwnForm" -}}
{{ ternary "yes" "" (hasKey .Values.config "apiVersion") }}
{{- end }}

{{- /* The configuration as the program reads it: the values', and what the chart decides. */}}
{{- define "jwt-to-rbac.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config }}{{ fail "config is empty: write the program's configuration there, see the chart's values.yaml" }}{{ end -}}
{{- $own := include "jwt-to-rbac.isOwnForm" . -}}
{{- $address := printf ":%v" .Values.port.containerPort -}}
{{- $chosen := dict -}}
{{- if include "jwt-to-rbac.tlsSecret" . -}}
{{- $dir := include "jwt-to-rbac.tlsDir" . -}}
{{- $chosen = dict "certificateFile" (printf "%s/tls.crt" $dir) "keyFile" (printf "%s/tls.key" $dir) -}}
{{- end -}}
{{- if $own -}}
{{- $server := merge (dict) ($config.server | default dict) (dict "address" $address) -}}
{{- $_ := set $config "server" (merge (dict) $chosen $server) -}}
{{- else -}}
{{- $app := merge (dict) ($config.app | default dict) (dict "addr" $address) -}}
{{- $_ := set $config "app" (merge (dict) $chosen $app) -}}
{{- /* The chart makes the ClusterRoles, so that the program needs no right to write any. */ -}}
{{- $handler := merge (dict) ($config.rbachandler | default dict) (dict "dynamicRoles" false) -}}
{{- $_ := set $config "rbachandler" $handler -}}
{{- end -}}
{{- $listens := ternary (get ($config.server | default dict) "address") (get ($config.app | default dict) "addr") (ne $own "") -}}
{{- if not (hasSuffix $address $listens) -}}
{{- fail (printf "the configuration listens on %s, but port.containerPort is %v: make them equal" $listens .Values.port.containerPort) -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}
