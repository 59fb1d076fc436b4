{{- define "jwt-to-rbac.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "jwt-to-rbac.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{- $name := include "jwt-to-rbac.name" . -}}
{{ ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "jwt-to-rbac.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "jwt-to-rbac.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "jwt-to-rbac.selectorLabels" -}}
app.kubernetes.io/name: {{ include "jwt-to-rbac.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "jwt-to-rbac.labels" -}}
{{ include "jwt-to-rbac.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: jwt-to-rbac
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* The image: a digest says more than a tag. */}}
{{- define "jwt-to-rbac.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ ternary (printf "@%s" .digest) (printf ":%s" (.tag | default $.Chart.AppVersion)) (ne .digest "") }}
{{- end -}}
{{- end }}

{{- define "jwt-to-rbac.tlsSecret" -}}
{{- $tls := .Values.tls -}}
{{ $tls.secretName | default (ternary (printf "%s-tls" (include "jwt-to-rbac.fullname" .)) "" $tls.certManager.enabled) }}
{{- end }}

{{- define "jwt-to-rbac.scheme" -}}
{{ ternary "https" "http" (ne (include "jwt-to-rbac.tlsSecret" .) "") }}
{{- end }}

{{- define "jwt-to-rbac.tlsDir" -}}
/etc/jwt-to-rbac-tls
{{- end }}

{{- define "jwt-to-rbac.podSecurityContext" -}}
{{- $restricted := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{ mergeOverwrite $restricted .Values.podSecurityContext | toYaml }}
{{- end }}

{{- define "jwt-to-rbac.securityContext" -}}
{{- $restricted := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{ mergeOverwrite $restricted .Values.securityContext | toYaml }}
{{- end }}
