"""The chart as a release on the node."""
