{{- /*
What the rights and admission policies are cut to, read from the configuration: the counterpart of
the program's `kube/installation.py`. As JSON, with the names that `_rights.tpl` uses.
*/}}
{{- define "jwt-to-rbac.facts" -}}
{{- $config := include "jwt-to-rbac.config" . | fromYaml -}}
{{- $own := include "jwt-to-rbac.isOwnForm" . -}}
{{- $rules := list -}}{{- /* each: role, rules (if it is of the policy's own), places, subjects */ -}}
{{- $said := dict -}}
{{- if $own -}}
{{- $policy := $config.policy | default dict -}}
{{- $tokens := $config.tokens | default dict -}}
{{- $groups := eq ($policy.mode | default "accounts") "groups" -}}
{{- range $policy.rules -}}
{{- $scope := .scope | default dict -}}
{{- $places := list "" -}}
{{- if hasKey $scope "namespaces" }}{{ $places = $scope.namespaces }}{{ else if hasKey $scope "namespaceSelector" }}{{ $places = list "*" }}{{ end -}}
{{- $rules = append $rules (dict "role" (.clusterRole | default (printf "%s-from-jwt" .name)) "rules" .rules "places" $places "subjects" (ternary (include "jwt-to-rbac.subjects" . | fromJsonArray) list $groups)) -}}
{{- end -}}
{{- $said = dict "dynamic" ($policy.dynamicRoles | default false) "stored" ($tokens.stored | default false) "longest" ($tokens.maximumLifetime | default "24h") "accounts" (($config.accounts | default dict).namespace | default "jwt-to-rbac-users") "publicServer" (($config.cluster | default dict).server | default "") "web" (ne (($config.web | default dict).publicURL | default "") "") -}}
{{- else -}}
{{- $handler := $config.rbachandler | default dict -}}
{{- $custom := dict -}}
{{- range $handler.customGroups }}{{ $_ := set $custom .groupName . }}{{ end -}}
{{- $defaults := dict "cluster-admin" "cluster-admin" "admin" "admin" "admins" "admin" "edit" "edit" "view" "view" -}}
{{- if eq (toString $handler.defaultGroups) "false" }}{{ $defaults = dict }}{{ end -}}
{{- range $group, $role := $defaults -}}
{{- $places := (get $custom $group | default dict).namespaces | default (list "") -}}
{{- $rules = append $rules (dict "role" $role "places" $places) -}}
{{- end -}}
{{- range $handler.customGroups -}}
{{- if not (hasKey $defaults .groupName) -}}
{{- $rules = append $rules (dict "role" (printf "%s-from-jwt" .groupName) "rules" .customRules "places" (.namespaces | default (list ""))) -}}
{{- end -}}
{{- end -}}
{{- $said = dict "dynamic" $handler.dynamicRoles "stored" ($handler.storedTokens | default false) "longest" ($handler.tokenTTL | default "24h") "accounts" ($handler.accountsNamespace | default "jwt-to-rbac-users") -}}
{{- end -}}
{{- $bound := list -}}{{- $roles := list -}}{{- $ownRoles := list -}}{{- $standing := list -}}
{{- $places := list -}}
{{- range $rule := $rules -}}
{{- $roles = append $roles .role -}}
{{- if .rules }}{{ $ownRoles = append $ownRoles (dict "name" .role "rules" .rules) }}{{ end -}}
{{- range $place := .places -}}
{{- $places = append $places $place -}}
{{- $bound = append $bound (printf "%s\n%s" $place $rule.role) -}}
{{- range $rule.subjects }}{{ $standing = append $standing (printf "%s\n%s\n%s" . $place $rule.role) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $names := list }}{{ range $ownRoles }}{{ $names = append $names .name }}{{ end -}}
{{- dict
  "name" (include "jwt-to-rbac.serviceAccountName" .)
  "namespace" .Release.Namespace
  "accountsNamespace" $said.accounts
  "publicServer" ($said.publicServer | default "")
  "longestToken" (include "jwt-to-rbac.seconds" $said.longest)
  "bound" ($bound | uniq | sortAlpha)
  "roles" ($roles | uniq | sortAlpha)
  "ownRoles" $ownRoles
  "ownNames" ($names | sortAlpha)
  "standing" ($standing | uniq | sortAlpha)
  "is" (dict
    "cluster" (has "" $places)
    "named" (ne (len (without $places "" "*")) 0)
    "selected" (has "*" $places)
    "own" (ne (len $ownRoles) 0)
    "dynamic" $said.dynamic
    "stored" $said.stored
    "standing" (ne (len $standing) 0)
    "web" ($said.web | default false)
  ) | toRawJson -}}
{{- end }}

{{- /* Whom a rule of mode `groups` is for, as `core/standing.py` reads it: kind and name in two lines. */}}
{{- define "jwt-to-rbac.subjects" -}}
{{- $found := list -}}
{{- if not .when -}}
{{- range .groups }}{{ $found = append $found (printf "Group\n%s" .) }}{{ end -}}
{{- else if not .groups -}}
{{- $text := `(?:'[^'"\\\n]*'|"[^'"\\\n]*")` -}}
{{- if regexMatch (printf `^\s*user\.username\s*(==\s*%s|in\s*\[\s*%s(\s*,\s*%s)*\s*,?\s*\])\s*$` $text $text $text) .when -}}
{{- range regexFindAll $text .when -1 }}{{ $found = append $found (printf "User\n%s" (substr 1 (int (sub (len .) 1)) .)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{ toRawJson $found }}
{{- end }}

{{- /* Whole seconds of a duration as Go writes it, at least the 600 that a token lasts. */}}
{{- define "jwt-to-rbac.seconds" -}}
{{- $units := dict "h" 3600000000000 "m" 60000000000 "s" 1000000000 "ms" 1000000 "us" 1000 "µs" 1000 "μs" 1000 "ns" 1 -}}
{{- $whole := 0.0 -}}
{{- range regexFindAll `([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)` . -1 -}}
{{- $unit := regexFind `[^0-9.]+$` . -}}
{{- $whole = addf $whole (divf (mulf (trimSuffix $unit . | float64) (get $units $unit)) 1000000000) -}}
{{- end -}}
{{ max 600 (floor $whole | int64) }}
{{- end }}

{{- /* For `_rights.tpl`: lists in CEL, to stand in YAML's single quotes. */}}
{{- define "jwt-to-rbac.texts" -}}
{{- $quoted := list }}{{ range . }}{{ $quoted = append $quoted (toRawJson .) }}{{ end -}}
[{{ join ", " $quoted | replace "'" "''" }}]
{{- end }}

{{- define "jwt-to-rbac.bound" -}}
{{- $pairs := list }}{{ range .bound }}{{ $pairs = append $pairs (replace "\n" "/" .) }}{{ end -}}
{{ include "jwt-to-rbac.texts" $pairs }}
{{- end }}

{{- define "jwt-to-rbac.standing" -}}
{{ include "jwt-to-rbac.texts" .standing }}
{{- end }}

{{- /* Whether an object is one of the policy's own ClusterRoles: the counterpart of `kube/cel.py`. */}}
{{- define "jwt-to-rbac.isOwnRole" -}}
{{- $roles := list -}}
{{- range .ownRoles -}}
{{- $terms := list (printf "object.metadata.name == %s" (toRawJson .name | replace "'" "''")) "has(object.rules)" (printf "size(object.rules) == %d" (len .rules)) -}}
{{- range $i, $rule := .rules -}}
{{- range list "verbs" "apiGroups" "resources" "resourceNames" "nonResourceURLs" -}}
{{- $at := printf "object.rules[%d].%s" $i . -}}
{{- $listed := include "jwt-to-rbac.texts" (get $rule . | default list) -}}
{{- $terms = append $terms (ternary (printf "has(%s) && %s == %s" $at $at $listed) (printf "!has(%s)" $at) (ne $listed "[]")) -}}
{{- end -}}
{{- end -}}
{{- $roles = append $roles (printf "(%s)" (join " && " $terms)) -}}
{{- end -}}
{{ join " || " $roles }}
{{- end }}
