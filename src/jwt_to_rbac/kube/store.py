"""Objects of one kind as last seen, in memory. No connection: `watch` and the writers feed it."""

from collections.abc import Callable, Collection, Iterable
from typing import Generic, Protocol, TypeVar

from jwt_to_rbac.kube.types import Meta


class HasMeta(Protocol):
    @property
    def metadata(self) -> Meta: ...


Object = TypeVar("Object", bound=HasMeta)
Key = tuple[str, str]
"""Namespace (empty for cluster-scoped kinds) and name."""


class Store(Generic[Object]):
    """The newest version of each object, whoever told us of it: a list, a watch, or our own write.

    Our own writes are put in at once, so that a login right after another one sees them;
    the watch's older news about the same object is then ignored, by resourceVersion (since
    Kubernetes 1.35 comparable as whole numbers by contract, before that in practice).
    `changed` is called with (before, after) on each change; None stands for absence.
    """

    def __init__(self, changed: Callable[[Object | None, Object | None], None]) -> None:
        self._objects: dict[Key, Object] = {}
        self._changed = changed
        self._deleted: set[str] = set()
        """UIDs that we deleted and the watch still may speak of."""

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self._objects.get((namespace, name))

    def __len__(self) -> int:
        return len(self._objects)

    def values(self) -> Iterable[Object]:
        return self._objects.values()

    def put(self, seen: Object) -> None:
        if seen.metadata.uid in self._deleted:
            return
        key = _key(seen)
        before = self._objects.get(key)
        if before is not None and _version(before) >= _version(seen):
            return
        self._objects[key] = seen
        self._changed(before, seen)

    def gone(self, seen: HasMeta) -> None:
        """The API server says that this object is deleted."""
        self._deleted.discard(seen.metadata.uid)
        self._forget(_key(seen), seen.metadata.uid)

    def deleted(self, seen: Object) -> None:
        """We deleted this object, and the watch has not said so yet."""
        self._deleted.add(seen.metadata.uid)
        self._forget(_key(seen), seen.metadata.uid)

    def replace(self, all_of_them: list[Object], unread: Collection[Key] = ()) -> None:
        """A list, whole: what it doesn't hold is gone. Those `unread` are there, and stay as known."""
        listed = {_key(one) for one in all_of_them} | set(unread)
        for key, before in list(self._objects.items()):
            if key not in listed:
                self._forget(key, before.metadata.uid)
        self._deleted &= {one.metadata.uid for one in all_of_them}
        for one in all_of_them:
            self.put(one)

    def _forget(self, key: Key, uid: str) -> None:
        before = self._objects.get(key)
        # Another object of the same name is not the one that went.
        if before is not None and before.metadata.uid == uid:
            del self._objects[key]
            self._changed(before, None)


def _key(one: HasMeta) -> Key:
    return one.metadata.namespace, one.metadata.name


def _version(one: HasMeta) -> int:
    return int(one.metadata.resource_version)
