"""Reads our own form: a document into a Configuration, or all its mistakes. Meaning is for `meaning`."""

from collections.abc import Sequence

from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.document import Document
from jwt_to_rbac.settings.overlay import Override, overlaid
from jwt_to_rbac.settings.reading import Reading
from jwt_to_rbac.settings.shape import fit

NOT_SUPPORTED = {
    "egressSelectorType": "there is no egress selector here",
    "anonymous": "it is for the API server alone",
}
"""Kubernetes has these keys and we don't: said so, rather than `unknown`."""


def read(document: Document, overrides: Sequence[Override]) -> Reading:
    """The document with the overrides over it, held against our form."""
    document, unknown = overlaid(document, overrides, Configuration)
    configuration, mistakes = fit(document.tree, Configuration, NOT_SUPPORTED)
    return Reading(document, configuration, mistakes=(*unknown, *mistakes))


def is_own(tree: object) -> bool:
    """Whether a file is in our form (even if a wrong version of it)."""
    return isinstance(tree, dict) and "apiVersion" in tree
