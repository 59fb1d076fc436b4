"""API servers that ask us, set up from our exports alone, on the real thing."""
