"""Benchmarks: the product beside the raw API calls, in one run on one sandbox. `make bench` runs them all."""
