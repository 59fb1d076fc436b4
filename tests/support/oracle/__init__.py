"""The oracle: what happened to every object on the cluster, and whether all of it was allowed to."""
