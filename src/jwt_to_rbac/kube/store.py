"""Objects of one kind as last seen, in memory. No connection: `watch` and the writers feed it."""

from collections.abc import Callable, Iterable, Mapping
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
        self._deleted: dict[str, int] = {}
        """UIDs that we deleted and the watch still may speak of, and the versions that they had."""

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self._objects.get((namespace, name))

    def __len__(self) -> int:
        return len(self._objects)

    def values(self) -> Iterable[Object]:
        return self._objects.values()

    def put(self, seen: Object) -> None:
        if seen.metadata.uid in self._deleted:
            return
        key = key_of(seen)
        before = self._objects.get(key)
        if before is not None and _version(before) >= _version(seen):
            return
        self._objects[key] = seen
        self._changed(before, seen)

    def gone(self, seen: HasMeta) -> None:
        """The API server says that this object is deleted."""
        self._deleted.pop(seen.metadata.uid, None)
        self._forget(key_of(seen), seen.metadata.uid)

    def deleted(self, seen: Object) -> None:
        """We deleted this object, and the watch has not said so yet."""
        self._deleted[seen.metadata.uid] = _version(seen)
        self._forget(key_of(seen), seen.metadata.uid)

    def keep(self, listed: Mapping[Key, str], version: str) -> None:
        """Forget what isn't among `listed`, a whole list of keys and UIDs as of `version`, each put before.

        What is newer than the list can't be in it: we made it while the pages were read.
        """
        of_list = int(version)
        for key, before in list(self._objects.items()):
            if key not in listed and _version(before) <= of_list:
                self._forget(key, before.metadata.uid)
        there = set(listed.values())
        self._deleted = {u: v for u, v in self._deleted.items() if u in there or v > of_list}

    def _forget(self, key: Key, uid: str) -> None:
        before = self._objects.get(key)
        # Another object of the same name is not the one that went.
        if before is not None and before.metadata.uid == uid:
            del self._objects[key]
            self._changed(before, None)


def key_of(one: HasMeta) -> Key:
    return one.metadata.namespace, one.metadata.name


def _version(one: HasMeta) -> int:
    return int(one.metadata.resource_version)
