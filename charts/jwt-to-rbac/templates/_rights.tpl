{{- /* Made by `make manifests` from the program's own generators: don't edit. */}}

{{- define "jwt-to-rbac.rules.cluster" }}
- {verbs: [list, watch], apiGroups: [''], resources: [namespaces]}
- {verbs: [list, watch, get, create, patch, delete], apiGroups: [jwt-to-rbac.io], resources: [accessgrants]}
- {verbs: [update], apiGroups: [jwt-to-rbac.io], resources: [accessgrants/status]}
- {verbs: [list, watch], apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles]}
{{- if not .is.cluster }}
- {verbs: [list, watch, get, delete], apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings]}
{{- end }}
{{- if .is.cluster }}
- {verbs: [list, watch, get, create, delete], apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings]}
{{- end }}
{{- if and (not .is.named) (not .is.selected) }}
- {verbs: [list, watch, get, delete], apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings]}
{{- end }}
{{- if not (and (not .is.named) (not .is.selected)) }}
- {verbs: [list, watch, get, create, delete], apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings]}
{{- end }}
{{- if not (and (not .is.cluster) (not .is.named) (not .is.selected)) }}
- {verbs: [bind], apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: {{ .roles | toRawJson }}}
{{- end }}
{{- if and .is.dynamic .is.own }}
- {verbs: [create, patch, escalate], apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: {{ .ownNames | toRawJson }}}
{{- end }}
{{- if .is.dynamic }}
- {verbs: [delete], apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles]}
{{- end }}
- {verbs: [create], apiGroups: [authentication.k8s.io], resources: [tokenreviews]}
- {verbs: [create], apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews]}
{{- end }}

{{- define "jwt-to-rbac.rules.accounts" }}
- {verbs: [list, watch, get, create, delete], apiGroups: [''], resources: [serviceaccounts]}
- {verbs: [create], apiGroups: [''], resources: [serviceaccounts/token]}
- {verbs: [list, watch, get, create, patch, delete], apiGroups: [''], resources: [configmaps]}
- {verbs: [get, create, patch], apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [jwt-to-rbac]}
{{- if .is.stored }}
- {verbs: [list, watch, get, create, patch, delete], apiGroups: [''], resources: [secrets]}
{{- end }}
{{- if not .is.stored }}
- {verbs: [list, watch, create, patch, delete], apiGroups: [''], resources: [secrets]}
{{- end }}
{{- end }}

{{- define "jwt-to-rbac.rules.events" }}
{{- if .is.web }}
- {verbs: [create, list], apiGroups: [events.k8s.io], resources: [events]}
{{- end }}
{{- if not .is.web }}
- {verbs: [create], apiGroups: [events.k8s.io], resources: [events]}
{{- end }}
{{- end }}

{{- define "jwt-to-rbac.rules.clusterInfo" }}
- {verbs: [get], apiGroups: [''], resources: [configmaps], resourceNames: [cluster-info]}
{{- end }}

{{- define "jwt-to-rbac.admission" }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-bindings, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [rbac.authorization.k8s.io], apiVersions: ['*'], operations: [CREATE, DELETE, UPDATE], resources: [clusterrolebindings, rolebindings]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
  - expression: '!(request.operation in ["UPDATE"]) || (false)'
    message: 'bindings are made and deleted, never changed'
  - expression: '!(request.operation in ["DELETE"]) || ((has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(one, one.apiVersion.startsWith("jwt-to-rbac.io/") && one.kind == "AccessGrant")) || (has(oldObject.metadata.labels) && "generatedby" in oldObject.metadata.labels && oldObject.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in oldObject.metadata.labels && oldObject.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && "jwt-to-rbac.io/mode" in oldObject.metadata.labels && oldObject.metadata.labels["jwt-to-rbac.io/mode"] == "groups" && !has(oldObject.metadata.ownerReferences)))'
    message: 'this object belongs to no AccessGrant, so it is not the program''s to touch'
{{- if .is.standing }}
  - expression: '!(request.operation in ["CREATE"]) || ((has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && object.metadata.ownerReferences[0].apiVersion == "jwt-to-rbac.io/v1alpha1" && object.metadata.ownerReferences[0].kind == "AccessGrant") || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && "jwt-to-rbac.io/mode" in object.metadata.labels && object.metadata.labels["jwt-to-rbac.io/mode"] == "groups" && !has(object.metadata.ownerReferences) && has(object.subjects) && size(object.subjects) == 1 && ((object.subjects[0].kind + "\n" + object.subjects[0].name + "\n" + (has(request.namespace) ? request.namespace : "") + "\n" + object.roleRef.name) in {{ include "jwt-to-rbac.standing" . }} || (!((has(request.namespace) ? request.namespace : "") in ["", "{{ .accountsNamespace }}"]) && (object.subjects[0].kind + "\n" + object.subjects[0].name + "\n" + "*" + "\n" + object.roleRef.name) in {{ include "jwt-to-rbac.standing" . }}))))'
    message: 'a new object needs the program''s marks and an AccessGrant as its one owner'
{{- end }}
{{- if .is.standing }}
  - expression: '!(request.operation in ["CREATE"]) || ((has(object.subjects) && size(object.subjects) == 1 && object.subjects[0].kind == "ServiceAccount" && object.subjects[0].namespace == "{{ .accountsNamespace }}" && object.subjects[0].name == object.metadata.ownerReferences[0].name) || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && "jwt-to-rbac.io/mode" in object.metadata.labels && object.metadata.labels["jwt-to-rbac.io/mode"] == "groups" && !has(object.metadata.ownerReferences) && has(object.subjects) && size(object.subjects) == 1 && ((object.subjects[0].kind + "\n" + object.subjects[0].name + "\n" + (has(request.namespace) ? request.namespace : "") + "\n" + object.roleRef.name) in {{ include "jwt-to-rbac.standing" . }} || (!((has(request.namespace) ? request.namespace : "") in ["", "{{ .accountsNamespace }}"]) && (object.subjects[0].kind + "\n" + object.subjects[0].name + "\n" + "*" + "\n" + object.roleRef.name) in {{ include "jwt-to-rbac.standing" . }}))))'
    message: 'a binding''s one subject must be its owner''s ServiceAccount'
{{- end }}
{{- if not .is.standing }}
  - expression: '!(request.operation in ["CREATE"]) || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && object.metadata.ownerReferences[0].apiVersion == "jwt-to-rbac.io/v1alpha1" && object.metadata.ownerReferences[0].kind == "AccessGrant")'
    message: 'a new object needs the program''s marks and an AccessGrant as its one owner'
{{- end }}
{{- if not .is.standing }}
  - expression: '!(request.operation in ["CREATE"]) || (has(object.subjects) && size(object.subjects) == 1 && object.subjects[0].kind == "ServiceAccount" && object.subjects[0].namespace == "{{ .accountsNamespace }}" && object.subjects[0].name == object.metadata.ownerReferences[0].name)'
    message: 'a binding''s one subject must be its owner''s ServiceAccount'
{{- end }}
{{- if .is.selected }}
  - expression: '!(request.operation in ["CREATE"]) || (object.roleRef.kind == "ClusterRole" && (((has(request.namespace) ? request.namespace : "") + "/" + object.roleRef.name) in {{ include "jwt-to-rbac.bound" . }} || (!((has(request.namespace) ? request.namespace : "") in ["", "{{ .accountsNamespace }}"]) && ("*/" + object.roleRef.name) in {{ include "jwt-to-rbac.bound" . }})))'
    message: 'the policy binds no such role there'
{{- end }}
{{- if or (and .is.cluster (not .is.named) (not .is.selected)) (and .is.cluster .is.named (not .is.selected)) (and (not .is.cluster) .is.named (not .is.selected)) }}
  - expression: '!(request.operation in ["CREATE"]) || (object.roleRef.kind == "ClusterRole" && ((has(request.namespace) ? request.namespace : "") + "/" + object.roleRef.name) in {{ include "jwt-to-rbac.bound" . }})'
    message: 'the policy binds no such role there'
{{- end }}
{{- if and (not .is.cluster) (not .is.named) (not .is.selected) }}
  - expression: '!(request.operation in ["CREATE"]) || (object.roleRef.kind == "ClusterRole" && ((has(request.namespace) ? request.namespace : "") + "/" + object.roleRef.name) in [])'
    message: 'the policy binds no such role there'
{{- end }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-bindings, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-bindings
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-cluster-roles, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [rbac.authorization.k8s.io], apiVersions: ['*'], operations: [CREATE, DELETE, UPDATE], resources: [clusterroles]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
{{- if .is.dynamic }}
  - expression: '!(request.operation in ["DELETE"]) || (oldObject.metadata.name.endsWith("-from-jwt") && has(oldObject.metadata.labels) && "generatedby" in oldObject.metadata.labels && oldObject.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in oldObject.metadata.labels && oldObject.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac")'
    message: 'this ClusterRole isn''t the program''s to delete'
{{- end }}
{{- if not .is.dynamic }}
  - expression: '!(request.operation in ["DELETE"]) || (false)'
    message: 'this ClusterRole isn''t the program''s to delete'
{{- end }}
  - expression: '!(request.operation in ["UPDATE"]) || (has(oldObject.metadata.labels) && "generatedby" in oldObject.metadata.labels && oldObject.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in oldObject.metadata.labels && oldObject.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac")'
    message: 'a ClusterRole of others is never changed'
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac")'
    message: 'a ClusterRole needs the program''s marks'
{{- if and .is.dynamic .is.own }}
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || ({{ include "jwt-to-rbac.isOwnRole" . }})'
    message: 'a ClusterRole must be one of the policy''s, with its rules'
{{- end }}
{{- if not (and .is.dynamic .is.own) }}
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || (false)'
    message: 'a ClusterRole must be one of the policy''s, with its rules'
{{- end }}
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || (!(has(object.aggregationRule) || (has(object.metadata.labels) && object.metadata.labels.exists(key, key.startsWith("rbac.authorization.k8s.io/aggregate-to-") && !(oldObject != null && has(oldObject.metadata.labels) && key in oldObject.metadata.labels)))))'
    message: 'a ClusterRole must not become part of others, nor be made of them'
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-cluster-roles, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-cluster-roles
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-service-accounts, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: ['*'], operations: [CREATE, DELETE, UPDATE], resources: [serviceaccounts]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
  - expression: '!(request.operation in ["CREATE", "UPDATE", "DELETE"]) || (request.namespace == "{{ .accountsNamespace }}")'
    message: 'ServiceAccounts are the accounts'' namespace''s alone'
  - expression: '!(request.operation in ["UPDATE"]) || (false)'
    message: 'ServiceAccounts are made and deleted, never changed'
  - expression: '!(request.operation in ["DELETE"]) || (has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(one, one.apiVersion.startsWith("jwt-to-rbac.io/") && one.kind == "AccessGrant"))'
    message: 'this object belongs to no AccessGrant, so it is not the program''s to touch'
  - expression: '!(request.operation in ["CREATE"]) || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && object.metadata.ownerReferences[0].apiVersion == "jwt-to-rbac.io/v1alpha1" && object.metadata.ownerReferences[0].kind == "AccessGrant")'
    message: 'a new object needs the program''s marks and an AccessGrant as its one owner'
  - expression: '!(request.operation in ["CREATE"]) || (object.metadata.ownerReferences[0].name == object.metadata.name)'
    message: 'a ServiceAccount has its owner''s name'
  - expression: '!(request.operation in ["CREATE"]) || (has(object.automountServiceAccountToken) && !object.automountServiceAccountToken)'
    message: 'a ServiceAccount that stands for a person is mounted nowhere'
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-service-accounts, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-service-accounts
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-revocations, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: ['*'], operations: [CREATE, DELETE, UPDATE], resources: [configmaps]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
  - expression: '!(request.operation in ["CREATE", "UPDATE", "DELETE"]) || (request.namespace == "{{ .accountsNamespace }}" && request.name.startsWith("revoked-"))'
    message: 'of ConfigMaps, revocations alone are the program''s'
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-revocations, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-revocations
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-sessions, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: ['*'], operations: [CREATE, DELETE, UPDATE], resources: [secrets]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
  - expression: '!(request.operation in ["CREATE", "UPDATE", "DELETE"]) || (request.namespace == "{{ .accountsNamespace }}")'
    message: 'sessions are in the accounts'' namespace alone'
  - expression: '!(request.operation in ["UPDATE", "DELETE"]) || (has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(one, one.apiVersion.startsWith("jwt-to-rbac.io/") && one.kind == "AccessGrant"))'
    message: 'this object belongs to no AccessGrant, so it is not the program''s to touch'
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || (has(object.metadata.labels) && "generatedby" in object.metadata.labels && object.metadata.labels["generatedby"] == "jwttorbac" && "app.kubernetes.io/managed-by" in object.metadata.labels && object.metadata.labels["app.kubernetes.io/managed-by"] == "jwt-to-rbac" && has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && object.metadata.ownerReferences[0].apiVersion == "jwt-to-rbac.io/v1alpha1" && object.metadata.ownerReferences[0].kind == "AccessGrant")'
    message: 'a new object needs the program''s marks and an AccessGrant as its one owner'
  - expression: '!(request.operation in ["UPDATE"]) || (object.metadata.ownerReferences == oldObject.metadata.ownerReferences)'
    message: 'a session stays with the person that it was made for'
{{- if .is.stored }}
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || ((object.type == "jwt-to-rbac.io/session" && (!has(object.data) || size(object.data) == 0)) || (object.type == "kubernetes.io/service-account-token" && has(object.metadata.annotations) && "kubernetes.io/service-account.name" in object.metadata.annotations && object.metadata.annotations["kubernetes.io/service-account.name"] == object.metadata.ownerReferences[0].name))'
    message: 'a Secret of the program''s is a session, and of its owner''s account'
{{- end }}
{{- if not .is.stored }}
  - expression: '!(request.operation in ["CREATE", "UPDATE"]) || (object.type == "jwt-to-rbac.io/session" && (!has(object.data) || size(object.data) == 0))'
    message: 'a Secret of the program''s is a session, and of its owner''s account'
{{- end }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-sessions, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-sessions
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {{ .name }}-tokens, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: ['*'], operations: [CREATE], resources: [serviceaccounts/token]}]}
  matchConditions: [{name: is-the-program, expression: 'request.userInfo.username == "system:serviceaccount:{{ .namespace }}:{{ .name }}"'}]
  validations:
  - expression: '!(request.operation in ["CREATE"]) || (request.namespace == "{{ .accountsNamespace }}" && request.name != "default")'
    message: 'tokens are for people''s accounts alone'
  - expression: '!(request.operation in ["CREATE"]) || (has(object.spec.boundObjectRef) && object.spec.boundObjectRef.kind == "Secret")'
    message: 'a token is bound to a session'
  - expression: '!(request.operation in ["CREATE"]) || (object.spec.expirationSeconds <= {{ .longestToken }})'
    message: 'no token lives longer than the configuration says'
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {{ .name }}-tokens, labels: {{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}}
spec:
  policyName: {{ .name }}-tokens
  validationActions: [Deny]
{{- end }}
