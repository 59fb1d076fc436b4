"""A person's side of a login: the issuer, our server, the cache. Standard library only: kubectl's
plugin lives here, and starts for each call of kubectl. Commands and their output are in `cli`."""
