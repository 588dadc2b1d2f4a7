import io
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import keyed_digest
from understudy_api.order import Order, VideoOutput
from understudy_api.receipt import item_id
from understudy_workers import expand
from understudy_workers.expand import PlanError, item_settings, plan, read_rows
from understudy_workers.recipe import clip_recipe, take_recipe
from understudy_workers.work import PlannedItem

WriteOrder = Callable[..., Order]
KEY = b"k" * 32
ROWS = ({"id": "c1", "name": "Mia"}, {"id": "c2", "name": "Noor"})


def items(order: Order, rows: Any = ROWS, key: bytes = KEY) -> list[PlannedItem]:
    return list(plan(order, rows, key))


def test_counts_rows_then_locales_then_outputs(write_order: WriteOrder) -> None:
    found = items(write_order())
    assert [item.ordinal for item in found] == list(range(8))
    assert [(item.row, item.locale, item.output.name) for item in found] == list(
        itertools.product(("c1", "c2"), ("en-GB", "de-DE"), ("landscape", "story"))
    )


def test_says_each_locale_in_its_own_words(write_order: WriteOrder) -> None:
    found = items(write_order())
    assert found[0].sentences == ("Hello Mia!", "Spring is here.")
    assert found[2].sentences == ("Hallo Mia!",)


def test_equal_sentences_share_takes_and_equal_sizes_share_clips(write_order: WriteOrder) -> None:
    same_size = (VideoOutput(name="a", width=384, height=216), VideoOutput(name="b", width=384, height=216))
    first, second, *_ = items(write_order(outputs=same_size))
    assert first.clip_ids == second.clip_ids
    mia, noor = (item for item in items(write_order()) if item.locale == "en-GB" and item.output.name == "story")
    assert mia.take_ids[1] == noor.take_ids[1]
    assert mia.clip_ids[1] == noor.clip_ids[1]
    assert mia.take_ids[0] != noor.take_ids[0]


def test_is_lazy_over_rows(write_order: WriteOrder) -> None:
    asked: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in itertools.count():
            asked.append(number)
            yield {"id": number, "name": "Mia"}

    list(itertools.islice(plan(write_order(), rows(), KEY), 5))
    assert asked == [0, 1]


def test_the_same_order_gives_the_same_items(write_order: WriteOrder) -> None:
    order = write_order()
    assert items(order) == items(order.model_copy(update={"generation": 7, "priority": 3}))


def test_item_ids_are_those_of_the_receipt_rule(write_order: WriteOrder) -> None:
    order = write_order()
    for item in items(order):
        assert item.item_id == item_id(
            order.namespace,
            order.job,
            "acme-spring-1",
            item.row,
            item.locale,
            item.output.name,
            item.sentences,
            order.twin.version,
            item_settings(item.output),
        )


@given(words=st.text(min_size=1, max_size=80))
def test_digests_are_keyed_digests_of_canonical_json(write_order: WriteOrder, words: str) -> None:
    spoken = "x" + "".join(c for c in words if c not in "{}'\ud800" and not 0xD800 <= ord(c) < 0xE000)
    order = write_order(scenes={"en-GB": ("{name}",)}, key=None)
    item = items(order, [{"name": spoken}])[0]
    take = keyed_digest(
        KEY,
        {
            "namespace": "acme",
            "license": "acme-spring-1",
            "twin": order.twin.id,
            "version": order.twin.version,
            "locale": "en-GB",
            "words": item.sentences[0],
            "recipe": take_recipe(),
        },
    )
    clip = keyed_digest(KEY, {"take": take, "width": 384, "height": 216, "recipe": clip_recipe()})
    assert item.take_ids == (take,)
    assert item.clip_ids == (clip,)


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "acme2"},
        {"locales": ("de-DE",), "scenes": {"de-DE": ("Hello {name}! Spring is here.",)}},
        {"twin": {"id": "d" * 64, "version": "e" * 64}},
    ],
)
def test_takes_never_cross_what_shapes_or_owns_them(write_order: WriteOrder, change: dict[str, Any]) -> None:
    one, other = items(write_order())[0], items(write_order(**change))[0]
    assert not set(one.take_ids) & set(other.take_ids)
    assert not set(one.clip_ids) & set(other.clip_ids)
    assert one.item_id != other.item_id


def test_takes_never_cross_a_license_or_a_cache_key(write_order: WriteOrder, signers: Any) -> None:
    one = items(write_order())[0]
    licensed = items(write_order(license=signers.license(jti="acme-autumn-2")))[0]
    keyed = items(write_order(), key=b"l" * 32)[0]
    assert not {*one.take_ids, *one.clip_ids} & {*licensed.take_ids, *licensed.clip_ids}
    assert not {*one.take_ids, *one.clip_ids} & {*keyed.take_ids, *keyed.clip_ids}
    assert one.item_id == keyed.item_id != licensed.item_id


def test_a_job_without_data_has_one_row(write_order: WriteOrder) -> None:
    order = write_order(scenes={"en-GB": ("Hello.",)}, key=None)
    assert [item.row for item in items(order, [{}])] == [expand.ROW_WITHOUT_DATA] * 2


def test_equal_values_of_different_kinds_are_not_confused(write_order: WriteOrder) -> None:
    order = write_order(scenes={"en-GB": ("Hello {name}.",)}, outputs=({"name": "a", "width": 384, "height": 216},))
    rows = [{"id": 1, "name": value} for value in (1, "1", 1.5, "1.5")]
    assert [item.sentences[0] for item in items(order, rows)] == ["Hello 1.", "Hello 1.", "Hello 1.5.", "Hello 1.5."]
    with pytest.raises(PlanError):
        items(order, [{"id": 1, "name": 1}, {"id": 2, "name": [1]}])


@pytest.mark.parametrize(
    ("changes", "rows", "words"),
    [
        ({"scenes": {"en-GB": ("Hello {name",)}}, ROWS, "scenes: en-GB, scene 1"),
        ({"scenes": {"en-GB": ("...",)}}, ROWS, "wanted words to say in en-GB"),
        ({"locales": ("en-GB", "fr-FR")}, ROWS, "wanted a script for fr-FR"),
        ({}, [{"id": "c1"}], "row 'c1', en-GB"),
        ({}, [{"name": "Mia"}], "key column 'id'"),
        ({}, [{"id": True, "name": "Mia"}], "key column 'id'"),
        ({}, [{"id": "c1", "name": {"first": "Mia"}}], "row 'c1', en-GB: wanted text or numbers in name"),
    ],
)
def test_says_what_cannot_be_expanded(write_order: WriteOrder, changes: Any, rows: Any, words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        items(write_order(**changes), rows)
    assert "\n" not in str(caught.value)


def test_scripts_are_checked_before_the_first_row_is_asked_for(write_order: WriteOrder) -> None:
    with pytest.raises(PlanError, match="scene 1"):
        plan(write_order(scenes={"en-GB": ("{",)}), iter(()), KEY)


def test_reads_rows_line_by_line() -> None:
    text = b'{"id": 1}\n\n{"id": "zw\xc3\xb6lf"}'
    assert list(read_rows(io.BytesIO(text))) == [{"id": 1}, {"id": "zwölf"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"id": 1}\n{"id": ', "line 2: wanted a JSON object, got text that is not JSON"),
        (b'{"id": 1}\n[1]', "line 2: wanted a JSON object, got list"),
        (b'{"id": "\xff"}', "line 1"),
        (b'{"id": 1}\n' * 3 + b"\n" + b'{"id": 1}', "line 5: wanted at most 3 rows"),
        (b'{"id": "' + b"x" * expand.MAX_ROW_BYTES + b'"}', "line 1: wanted at most 65536 bytes"),
    ],
)
def test_names_the_bad_line(text: bytes, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        list(read_rows(io.BytesIO(text), limit=3))


def test_sentences_without_variables_are_resolved_and_named_once(write_order: WriteOrder) -> None:
    order = write_order(scenes={"en-GB": ("Hello {name}! Spring is here.",)})
    found = items(order, [{"id": n, "name": f"Mia {n}"} for n in range(50)])
    for part in ("sentences", "take_ids"):
        assert len({id(getattr(item, part)[1]) for item in found}) == 1
