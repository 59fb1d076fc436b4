"""Thousands of people on one cluster: a policy change, a restart, a day of logins. `make scale` runs it."""
