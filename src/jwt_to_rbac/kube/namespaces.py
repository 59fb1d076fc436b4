"""The watch cache of namespaces, as one picture for all who ask. What a picture means is for the plan."""

from jwt_to_rbac.core.selector import Labels, NamespaceLabels
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import Namespace
from jwt_to_rbac.ports import Listener


class Namespaces:
    """`picture` is the same object until a namespace changes: every login asks."""

    def __init__(self, listeners: list[Listener]) -> None:
        self.store: Store[Namespace] = Store(self._changed)
        self._listeners = listeners
        self._picture: NamespaceLabels | None = None

    def picture(self) -> NamespaceLabels:
        """The namespaces that can take a binding (those being deleted can't) with their labels."""
        if self._picture is None:
            self._picture = NamespaceLabels(
                {
                    one.metadata.name: one.metadata.labels
                    for one in self.store.values()
                    if _usable(one)
                }
            )
        return self._picture

    def _changed(self, before: Namespace | None, after: Namespace | None) -> None:
        self._picture = None
        if _means(before) != _means(after):
            for listener in self._listeners:
                listener.namespaces_changed()


def _usable(one: Namespace) -> bool:
    return one.metadata.deletion_timestamp is None


def _means(one: Namespace | None) -> Labels | None:
    """What of a namespace a policy may ask for."""
    return one.metadata.labels if one is not None and _usable(one) else None
