"""Configuration in: from files, environment and flags to one immutable Settings."""

from jwt_to_rbac.settings.load import Loaded, load
from jwt_to_rbac.settings.values import Issuer, Listen, Logging, Settings

__all__ = ["Issuer", "Listen", "Loaded", "Logging", "Settings", "load"]
