"""The demo: tells in a terminal, on real parts, how a login becomes access and is taken away again.

`python -m jwt_to_rbac.sandbox.demo` (or `make demo`) runs it; `story.py` has the order of events.
"""
