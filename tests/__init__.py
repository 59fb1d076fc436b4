"""Tests, by the room that they look into; `sandbox` in conftest.py is the real cluster for all."""
