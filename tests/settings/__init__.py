"""What configuration promises: defaults, precedence, refusals. No server, no cluster."""
