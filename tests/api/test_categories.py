import pytest

from understudy_api.categories import CATEGORIES, SENSITIVE, category_id, category_names, within


def test_all_of_tier_one_and_no_orphans() -> None:
    assert len([one for one in CATEGORIES.values() if one.parent is None]) == 37
    for one in CATEGORIES.values():
        assert one.parent is None or one.parent in CATEGORIES, one
        assert one.name


def test_names_are_unique() -> None:
    names = [one.name.casefold() for one in CATEGORIES.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "id_"),
    [("386", "386"), ("Politics", "386"), ("politics", "386"), ("v9i3On", "v9i3On"), ("Terrorism", "8FD8nI")],
)
def test_by_id_and_by_name(text: str, id_: str) -> None:
    assert category_id(text) == id_


@pytest.mark.parametrize(
    ("text", "words"), [("Politic", "Politics"), ("xyz", "tier 1"), ("", "tier 1"), ("V9I3ON", "no category")]
)
def test_an_unknown_one_names_the_nearest(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        category_id(text)


@pytest.mark.parametrize(
    ("category", "above", "inside"),
    [
        ("386", ("386",), True),
        ("387", ("386",), True),
        ("386", ("387",), False),
        ("301", ("286",), True),
        ("301", ("287", "999"), True),
        ("301", (), False),
        ("unknown", ("386",), False),
        ("unknown", ("unknown",), True),
    ],
)
def test_within(category: str, above: tuple[str, ...], inside: bool) -> None:
    assert within(category, above) is inside


def test_what_is_sensitive_stands_in_the_table() -> None:
    assert set(SENSITIVE) <= set(CATEGORIES)
    assert within(category_id("Hate Speech and Acts of Aggression"), SENSITIVE)
    assert not within(category_id("Shopping"), SENSITIVE)


def test_names_in_one_line() -> None:
    assert category_names(("453", "386", "nobody")) == "Politics, Religion & Spirituality, nobody"
