"""A person's side: cache, listener, issuer, kubectl's plugin."""
