"""The same authentication configuration means the same to a real kube-apiserver and to us."""
