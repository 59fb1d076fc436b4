"""`jwt-to-rbac doctor` on a real installation: all well, and each thing broken by itself."""
