"""One file a thing that a person can ask for. Knows the core and the ports, nothing of HTTP or Kubernetes."""
