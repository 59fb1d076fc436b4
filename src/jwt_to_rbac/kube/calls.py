"""What a call to the API server is, in Kubernetes' words: its verb and resource, without names."""

from collections.abc import Callable

Observe = Callable[[str, str, str, float], None]
"""Is told of each call: verb, resource, status (or `error`), seconds."""

VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}


def verb_and_resource(method: str, path: str) -> tuple[str, str]:
    """`("create", "serviceaccounts/token")` for a POST to `/api/v1/namespaces/x/serviceaccounts/y/token`."""
    plain, _, query = path.partition("?")
    parts = plain.split("/")
    parts = parts[3:] if parts[1] == "api" else parts[4:]
    if not parts:  # What no resource is: /version, or what a group serves.
        return "get", plain
    if parts[0] == "namespaces" and len(parts) > 2:
        parts = parts[2:]
    resource = "/".join(parts[::2])
    if method != "GET":
        return VERBS.get(method, method), resource
    if len(parts) > 1:
        return "get", resource
    return "watch" if query.startswith("watch=") else "list", resource
