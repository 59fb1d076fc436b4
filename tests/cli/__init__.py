"""The command line's own files: kubeconfig, output."""
