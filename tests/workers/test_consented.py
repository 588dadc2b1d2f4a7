"""Only listed words are said: whole sentences, or what comes out when listed values fill a listed template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from understudy_api.consent import Clearance, ConsentSubject
from understudy_api.moderation import listing
from understudy_api.moderation.listing import Lister, copy_key
from understudy_api.order import Order
from understudy_workers.consented import NOT_CONSENTED, Consented
from understudy_workers.expand import plan
from understudy_workers.objects import MissingObjectError, Objects
from understudy_workers.work import Filling, Permit, PlannedItem, permit_of

BUCKET = "understudy-staging"
ROWS = (
    {"id": "c1", "name": "Mia", "count": 1, "price": 39.5, "from": "2026-03-05"},
    {"id": "c2", "name": "Noor", "count": 3, "price": 1.0, "from": "2026-04-01"},
    {"id": "c3", "name": "Ed", "count": 1.0, "price": 7, "from": "2026-03-05"},
)
SCENES = {
    "en-GB": (
        "Hi {name}! {count, plural, one {One style} other {# styles}} from {price, number, ::currency/EUR}.",
        "Since {from, date, long}. Spring is here.",
    ),
    "de-DE": ("Hallo {name}! Ab {price, number, ::currency/EUR}.",),
}


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Iterator[Objects]:
    objects = Objects(object_store.pool)
    yield objects
    objects.close()


@pytest.fixture(params=["sentences", "templates"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(listing, "MAX_SENTENCES", 500 if request.param == "sentences" else 3)
    return str(request.param)


def released(write_order: Any, objects: Objects, **changed: Any) -> Order:
    """An order whose list lies where performers look for it, released by a reviewer; `changed` is put into the subject."""
    plain = write_order(scenes=SCENES)
    lister = Lister(plain.content.scenes, plain.content.digest)
    for row in ROWS:
        lister.row(row)
    made = lister.listing()
    objects.put(BUCKET, copy_key(plain.uid, made.digest), b"".join(lister.lines()))
    subject = {
        "namespace": plain.namespace,
        "job": plain.job,
        "twin": plain.twin.id,
        "license": "acme-spring-1",
        "use": plain.use,
        "locales": plain.locales,
        "content": plain.content.digest,
        "listing": made.digest,
        "form": made.form,
    }
    clearance = Clearance(subject=ConsentSubject.model_validate({**subject, **changed}), reviewer="rita")
    return plain.model_copy(update={"clearance": clearance})


def said(order: Order) -> Iterator[tuple[PlannedItem, str, Filling | None]]:
    """Every sentence that the director plans for the order."""
    for item in plan(order, ROWS, b"k" * 32):
        for place, words in enumerate(item.sentences):
            yield item, words, item.fillings[place] if item.fillings else None


def reason(consented: Consented, permit: Permit, words: str, locale: str, filling: Filling | None) -> str | None:
    refusal = consented.refusal(permit, words, locale, filling)
    return refusal.reason if refusal else None


def test_whatever_is_planned_of_released_content_is_on_its_list(write_order: Any, objects: Objects, form: str) -> None:
    order = released(write_order, objects)
    assert order.clearance is not None
    assert order.clearance.subject.form == form
    consented, permit = Consented(objects, BUCKET), permit_of(order)
    sentences = list(said(order))
    assert len(sentences) == 3 * 2 * (4 + 2)
    for item, words, filling in sentences:
        assert (filling is None) is (form == "sentences")
        assert reason(consented, permit, words, item.locale, filling) is None


def test_a_changed_word_is_not_said(write_order: Any, objects: Objects, form: str) -> None:
    order = released(write_order, objects)
    consented, permit = Consented(objects, BUCKET), permit_of(order)
    for item, words, filling in said(order):
        assert reason(consented, permit, f"{words} Really.", item.locale, filling) == NOT_CONSENTED
        assert reason(consented, permit, words.swapcase(), item.locale, filling) == NOT_CONSENTED
        assert reason(consented, permit, words, "fr-FR", filling) == NOT_CONSENTED


HI = "Hi {name}!"


@pytest.mark.parametrize(
    ("words", "filling"),
    [
        ("Hi Mia!", None),
        ("Hi Zoe!", Filling(HI, (("name", "Zoe"),))),
        ("Hi 39.5!", Filling(HI, (("name", 39.5),))),
        ("Hi Mia!", Filling(HI, (("name", "Noor"),))),
        ("Hi Mia!", Filling(HI, ())),
        ("Hi Mia!", Filling(HI, (("name", "Mia"), ("count", 1)))),
        ("Bye Mia!", Filling("Bye {name}!", (("name", "Mia"),))),
        ("Hi Mia!", Filling("Hi Mia!", ())),
        ("Hi {name}!", Filling("Hi {name", ())),
        ("Hi Mia!", Filling(HI, (("name", float("nan")),))),
        ("Hi Mia!", Filling(HI, (("name", b"Mia"),))),  # type: ignore[arg-type]
        ("Hi Mia!", Filling(HI, (("name", None),))),  # type: ignore[arg-type]
    ],
)
def test_only_listed_values_fill_listed_templates(
    write_order: Any, objects: Objects, monkeypatch: pytest.MonkeyPatch, words: str, filling: Filling | None
) -> None:
    monkeypatch.setattr(listing, "MAX_SENTENCES", 3)
    consented, permit = Consented(objects, BUCKET), permit_of(released(write_order, objects))
    assert reason(consented, permit, "Hi Mia!", "en-GB", Filling(HI, (("name", "Mia"),))) is None
    assert reason(consented, permit, words, "en-GB", filling) == NOT_CONSENTED


@pytest.mark.parametrize("changed", [{"content": "0" * 64}, {"form": "templates"}])
def test_a_list_of_something_else_releases_nothing(write_order: Any, objects: Objects, changed: Any) -> None:
    order = released(write_order, objects, **changed)
    permit = permit_of(order)
    refusal = Consented(objects, BUCKET).refusal(permit, "Spring is here.", "en-GB", Filling("Spring is here.", ()))
    assert refusal is not None
    assert refusal.message.startswith("consent: the list is not the one that was consented to")


def test_an_altered_list_releases_nothing(write_order: Any, objects: Objects, object_store: Any) -> None:
    order = released(write_order, objects)
    assert order.clearance is not None
    key = copy_key(order.uid, order.clearance.subject.listing)
    longer = objects.get(BUCKET, key) + listing.sentence_line("en-GB", "Buy now.")
    objects.put(BUCKET, key, longer)
    consented = Consented(objects, BUCKET)
    assert reason(consented, permit_of(order), "Buy now.", "en-GB", None) == NOT_CONSENTED
    assert reason(consented, permit_of(order), "Spring is here.", "en-GB", None) == NOT_CONSENTED
    object_store.remove(BUCKET, key)
    with pytest.raises(MissingObjectError):
        Consented(objects, BUCKET).refusal(permit_of(order), "Spring is here.", "en-GB", None)


def test_a_list_is_fetched_once_for_an_order_and_none_where_nothing_was_released(
    write_order: Any, objects: Objects, object_store: Any
) -> None:
    order = released(write_order, objects)
    assert order.clearance is not None
    consented = Consented(objects, BUCKET)
    assert consented.refusal(permit_of(order), "Spring is here.", "en-GB", None) is None
    object_store.remove(BUCKET, copy_key(order.uid, order.clearance.subject.listing))
    assert consented.refusal(permit_of(order), "Spring is here.", "en-GB", None) is None
    assert consented.refusal(replace(permit_of(order), clearance=None), "Anything.", "en-GB", None) is None
