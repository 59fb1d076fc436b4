"""Use cases' own parts that need no cluster."""
