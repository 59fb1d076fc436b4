"""Inputs that nobody thought of: `make fuzz` looks for them with coverage as its guide (atheris).

Each target module has `ready()`, which gives a function that raises for an input that breaks a
promise, and `WORDS`, what an input may be made of. `corpus/` holds inputs that between them reach
all that was reached, replayed by the suite; a finding gets a test of its own beside its subject.
"""
