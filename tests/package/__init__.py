"""The package as it is installed: what is in it, and that it works away from the repository."""
