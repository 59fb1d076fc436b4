"""Tests of the room `oidc`: tokens, keys and issuers, all of them real."""
