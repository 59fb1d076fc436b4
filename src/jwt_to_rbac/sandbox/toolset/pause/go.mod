module jwt-to-rbac.io/sandbox/pause

go 1.26.0
