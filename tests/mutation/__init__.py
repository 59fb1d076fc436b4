"""Mutation tests of `core` and `oidc`: `make mutants` alters the code everywhere, a little each time,
and a test should fail each time. `survivors.md` holds those that no test notices, with the reason.
"""
