"""jwt-to-rbac: an OpenID Connect ID token in, Kubernetes RBAC and a short-lived ServiceAccount token out."""
