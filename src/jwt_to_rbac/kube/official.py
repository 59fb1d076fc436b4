"""What is used of the official client: configuration, credentials, TLS. Imported without the rest of it.

Importing any part of it runs `kubernetes/__init__.py`, which brings the whole synchronous client with
requests, oauthlib and websocket: 9 MB and half of the second that it takes; and reading a kubeconfig
asks for the typed client, which brings pydantic: 11 MB. So these packages stand here without having
run; what lies in them is found by their paths all the same.
"""

import sys
from importlib.util import find_spec, module_from_spec

for _name in ("kubernetes", "kubernetes.aio", "kubernetes.aio.client"):
    _spec = find_spec(_name)
    if _name not in sys.modules and _spec is not None:
        sys.modules[_name] = module_from_spec(_spec)

from kubernetes.aio.client.configuration import Configuration  # noqa: E402

# What its reader of kubeconfigs imports; the typed client by name alone.
_client = sys.modules["kubernetes.aio.client"]
vars(_client).setdefault("Configuration", Configuration)
vars(_client).setdefault("ApiClient", None)

from kubernetes.aio.client.rest import RESTClientObject  # noqa: E402
from kubernetes.aio.config import (  # noqa: E402
    ConfigException,
    load_incluster_config,
    load_kube_config,
)
from kubernetes.aio.config.incluster_config import SERVICE_HOST_ENV_NAME  # noqa: E402

__all__ = [
    "SERVICE_HOST_ENV_NAME",
    "ConfigException",
    "Configuration",
    "RESTClientObject",
    "load_incluster_config",
    "load_kube_config",
]
