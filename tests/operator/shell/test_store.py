"""The store: never older than the newest thing it was told, whatever the order of arrival."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Store, slim

KEY = Key("RenderJob", "acme", "a")


def body(version: int, name: str = "a", uid: str = "u-1", **rest: Any) -> dict[str, Any]:
    metadata = {"namespace": "acme", "name": name, "uid": uid, "resourceVersion": str(version)}
    return {"kind": "RenderJob", "metadata": metadata, **rest}


def version(store: Store, key: Key = KEY) -> int | None:
    found = store.get(key)
    return int(found["metadata"]["resourceVersion"]) if found else None


def test_older_news_changes_nothing() -> None:
    store = Store()
    assert store.put(body(5)) is None
    known = store.put(body(3))
    assert known is not None
    assert version(store) == 5
    store.put(body(10))
    assert version(store) == 10


def test_late_news_does_not_bring_back_what_is_gone() -> None:
    store = Store()
    store.put(body(5))
    store.remove(KEY, 7)
    store.put(body(6))
    assert store.get(KEY) is None
    store.put(body(8, uid="u-2"))
    assert version(store) == 8


def test_removal_of_an_older_object_spares_its_successor() -> None:
    store = Store()
    store.put(body(9, uid="u-2"))
    store.remove(KEY, 7)
    assert version(store) == 9


def test_a_list_tells_what_the_watch_missed() -> None:
    store = Store()
    for name in ("gone", "same", "changed", "younger"):
        store.put(body({"younger": 30}.get(name, 5), name, uid=name))
    listed = [body(5, "same", uid="same"), body(12, "changed", uid="changed"), body(15, "new", uid="new")]
    changed = store.replace("RenderJob", listed, 20)
    assert {key.name for key in changed} == {"gone", "changed", "new"}
    assert {Key.of(one).name for one in store.all("RenderJob")} == {"same", "changed", "younger", "new"}


def test_a_list_of_one_kind_leaves_others_alone() -> None:
    store = Store()
    store.put({**body(1), "kind": "License"})
    assert store.replace("RenderJob", [], 9) == set()
    assert store.get(Key("License", "acme", "a")) is not None


def test_uids_lead_to_keys_while_the_object_is_there() -> None:
    store = Store()
    store.put(body(1))
    assert store.key_of("u-1") == KEY
    assert store.uids("RenderJob") == {"u-1"}
    store.put(body(2, uid="u-2"))
    assert (store.key_of("u-1"), store.key_of("u-2")) == (None, KEY)
    store.remove(KEY, 3)
    assert store.key_of("u-2") is None


def test_what_the_api_server_keeps_for_others_is_left_out() -> None:
    given = body(1)
    given["metadata"] |= {
        "managedFields": [{}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "kept"},
    }
    kept = slim(given)["metadata"]
    assert "managedFields" not in kept
    assert kept["annotations"] == {"mine": "kept"}
    assert "managedFields" in given["metadata"]


EVENT = st.tuples(st.sampled_from(["put", "remove", "list-with", "list-without"]), st.integers(1, 12))


@given(st.lists(EVENT, min_size=1), st.randoms())
def test_the_last_word_wins_in_any_order(events: list[tuple[str, int]], random: Any) -> None:
    """Every version is either present or gone; shuffled, the newest one decides."""
    truth = {number: kind for kind, number in sorted(events, key=lambda event: event[1])}
    shuffled = list(truth.items())
    random.shuffle(shuffled)
    store = Store()
    for number, kind in shuffled:
        match kind:
            case "put":
                store.put(body(number))
            case "remove":
                store.remove(KEY, number)
            case "list-with":
                store.replace("RenderJob", [body(number)], number)
            case _:
                store.replace("RenderJob", [], number)
    newest = max(truth)
    if truth[newest] in ("put", "list-with"):
        assert version(store) == newest
    elif truth[newest] == "remove" or shuffled[-1][0] == newest:
        assert store.get(KEY) is None


def test_a_restored_job_is_found_by_the_uid_its_orders_bear() -> None:
    store, first = Store(), "0c8f2b1e-0000"
    one = body(5)
    one["metadata"]["annotations"] = {"understudy.dev/restored-uid": first}
    store.put(one)
    assert (store.key_of(first), store.key_of("u-1")) == (KEY, None)
    assert store.uids("RenderJob") == {first}
    store.remove(KEY, 6)
    assert store.key_of(first) is None
