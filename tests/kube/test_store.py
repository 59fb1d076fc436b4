"""The store holds the newest version of each object, in whatever order it hears of them."""

from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import AnyObject, Meta


def one(version: int, uid: str = "u", name: str = "n") -> AnyObject:
    return AnyObject(Meta(name, uid, str(version)))


def empty() -> Store[AnyObject]:
    return Store(lambda before, after: None)


def version(store: Store[AnyObject]) -> str:
    found = store.get("n")
    return "" if found is None else found.metadata.resource_version


@given(st.permutations(range(8)))
def test_the_newest_version_stays_in_whatever_order_they_come(order: list[int]) -> None:
    store = empty()
    for each in order:
        store.put(one(each))
    assert version(store) == "7"


def test_versions_are_compared_as_numbers() -> None:
    store = empty()
    store.put(one(10))
    store.put(one(9))
    assert version(store) == "10"


def test_what_we_deleted_does_not_come_back_by_the_watchs_older_news() -> None:
    store = empty()
    store.put(one(1))
    store.deleted(one(1))
    store.put(one(2))
    assert version(store) == ""
    store.gone(one(3))
    assert version(store) == ""


def test_another_object_of_that_name_is_another_object() -> None:
    store = empty()
    store.put(one(1, "old"))
    store.deleted(one(1, "old"))
    store.put(one(5, "new"))
    store.gone(one(3, "old"))
    assert version(store) == "5"


def test_a_list_without_an_object_says_that_it_is_gone_unless_it_is_newer() -> None:
    store = empty()
    store.put(one(1))
    store.put(one(7, "m", "m"))
    store.put(one(6, "l", "l"))
    store.keep({}, "6")
    assert [each.metadata.name for each in store.values()] == ["m"]


def test_a_list_that_was_made_before_our_delete_does_not_bring_it_back() -> None:
    store = empty()
    store.put(one(1))
    store.deleted(one(1))
    store.put(one(1))
    store.keep({("", "n"): "u"}, "6")
    store.put(one(1))
    assert version(store) == ""


def test_what_we_made_and_deleted_while_a_list_was_read_does_not_come_back_by_the_watch() -> None:
    store = empty()
    store.put(one(7))
    store.deleted(one(7))
    store.keep({}, "6")
    store.put(one(7))
    assert version(store) == ""


def test_each_change_is_told_once_with_what_was_before() -> None:
    told: list[tuple[str, str]] = []

    def changed(before: AnyObject | None, after: AnyObject | None) -> None:
        was, is_ = (each.metadata.resource_version if each else "" for each in (before, after))
        told.append((was, is_))

    store: Store[AnyObject] = Store(changed)
    store.put(one(1))
    store.put(one(1))
    store.put(one(2))
    store.gone(one(3))
    store.gone(one(3))
    assert told == [("", "1"), ("1", "2"), ("2", "")]
