"""Tests of the sandbox itself, on real processes."""
