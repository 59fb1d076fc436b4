"""The putting together, tested where no real cluster is needed."""
