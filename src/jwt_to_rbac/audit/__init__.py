"""The append-only record of decisions: what a record says, and how it gets written before the effect."""
