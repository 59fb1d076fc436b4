"""The demo, run as a person runs it, and what the README says."""
