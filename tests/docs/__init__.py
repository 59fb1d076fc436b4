"""The documentation says what the program is."""
