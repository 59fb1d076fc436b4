"""A configuration that changes while the program runs."""
