import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest
from structlog.testing import capture_logs

from understudy_api.consent import Clearance, ConsentSubject
from understudy_api.moderation.listing import Lister, copy_key
from understudy_api.trace import trace_id
from understudy_workers.models.bundle import BundleError
from understudy_workers.models.voice import UnspeakableError
from understudy_workers.stages.encode import encode
from understudy_workers.stages.store import clip_key, take_key
from understudy_workers.work import GRANT_EXHAUSTED, ORDER_STOPPED, PAUSING_REASONS, Speech, TakeWork, permit_of


def test_the_mouth_opens_with_the_sound(shown: Any) -> None:
    """The drawn twin's mouth darkens with what it hears; at rest, at both ends, it is shut."""
    with av.open(str(shown[4] / "landscape.mp4")) as container:
        luma = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])
    mouth = luma[:, 143:150, 186:198].mean((1, 2))
    assert mouth.min() < mouth[0] - 20
    assert abs(mouth[-1] - mouth[0]) < 6


def test_the_same_take_again_is_reused(backlot: Any, shown: Any) -> None:
    order, items, takes, _, _ = shown
    assert [take.reused for take in takes] == [(False, False)] * 2
    again = backlot.film(order, items)
    assert [take.reused for take in again] == [(True, True)] * 2
    assert [take.frames for take in again] == [take.frames for take in takes]
    assert all("speak" not in take.stage_seconds for take in again)


def test_only_the_missing_output_is_filmed(backlot: Any) -> None:
    order = backlot.order("second-output", scenes={"en-GB": ("Hello {name}!",)})
    wide, tall = backlot.items(order)[:2]
    first = backlot.film(order, [wide])
    both = backlot.film(order, [wide, tall])
    assert [take.reused for take in (*first, *both)] == [(False,), (True, False)]
    assert "speak" not in both[0].stage_seconds
    assert {backlot.finish(order, item).receipt.outcome for item in (wide, tall)} == {"done"}


@pytest.mark.parametrize(
    ("grant", "changes", "reason"),
    [
        ({"exp": 1, "iat": 0}, {}, "GrantExpired"),
        ({"seconds": 0}, {}, "GrantExhausted"),
        ({}, {"use": {"purpose": "news", "channels": ("social",), "territories": ("DE",)}}, "PurposeNotCovered"),
        ({"twin_version": "0" * 64}, {}, "GrantMismatch"),
    ],
)
def test_a_refused_permit_makes_no_frame(backlot: Any, grant: Any, changes: Any, reason: str) -> None:
    order = backlot.order(f"refused-{reason.lower()}", grant=grant, **changes)
    items = backlot.items(order)[:2]
    for result in backlot.film(order, items):
        assert result.refusal.reason == reason
        assert (result.frames, result.reused, result.stage_seconds) == (0, (False, False), {})
    for item in items:
        for take_id, clip_id in zip(item.take_ids, item.clip_ids, strict=True):
            assert backlot.objects.head(backlot.staging, take_key(permit_of(order).account, take_id)) is None
            assert backlot.objects.head(backlot.staging, clip_key(permit_of(order).account, clip_id)) is None


def test_words_that_no_farm_renders_are_never_spoken(backlot: Any) -> None:
    """Whoever sends the work: the performer reads every sentence itself."""
    order = backlot.order("floor")
    take = TakeWork("f" * 64, ("e" * 64,), (order.outputs[0],), "This tea c\u200bures cancer.", "en-GB")
    result = backlot.studio.perform(take, permit_of(order))
    assert result.refusal.reason == "ContentBlocked"
    assert (result.frames, result.stage_seconds) == (0, {})
    assert backlot.objects.head(backlot.staging, take_key(permit_of(order).account, take.take_id)) is None


def test_says_what_it_cannot_speak_or_find(backlot: Any) -> None:
    order = backlot.order("unspeakable")
    permit = permit_of(order)
    take = TakeWork("a" * 64, ("b" * 64,), (order.outputs[0],), "...", "en-GB")
    with pytest.raises(UnspeakableError, match="words to say"):
        backlot.studio.perform(take, permit)
    unknown = backlot.order("unknown", twin={"id": order.twin.id, "version": "0" * 64})
    with pytest.raises(BundleError, match="train the twin again"):
        backlot.studio.perform(replace(take, words="Hello."), permit_of(unknown))
    assert not [path for path in (backlot.settings.work_dir / "twins").iterdir() if path.name.startswith(".")]


KILLED = """
import os, sys, threading
from understudy_api.settings import PoolSettings
from understudy_workers.pipeline import Studio
import pickle
from understudy_api.token import load_key
settings, take, permit, now, identity = pickle.loads(sys.stdin.buffer.read())
studio = Studio(settings, clock=lambda: now, identity=load_key(identity))
import understudy_workers.filming as filming
drawn = filming.encode
def die(composer, performance, between):
    composer_frames = composer.frames
    def frames(*given):
        for number, frame in enumerate(composer_frames(*given)):
            if number == 10:
                os.kill(os.getpid(), 9)
            yield frame
    composer.frames = frames
    return drawn(composer, performance, between)
filming.encode = die
studio.perform(take, permit)
"""


def test_a_worker_killed_between_two_frames_leaves_nothing_half_written(backlot: Any) -> None:
    import pickle

    order = backlot.order("killed", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    take = TakeWork(item.take_ids[0], item.clip_ids, (item.output,), item.sentences[0], item.locale)
    given = pickle.dumps(
        (backlot.settings, take, permit_of(order), backlot.now, json.dumps(backlot.identity.as_dict(private=True)))
    )
    done = subprocess.run([sys.executable, "-c", KILLED], input=given, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert backlot.objects.head(backlot.staging, clip_key(permit_of(order).account, item.clip_ids[0])) is None
    assert backlot.film(order, [item])[0].reused == (False,)
    assert backlot.finish(order, item).receipt.outcome == "done"
    assert list((backlot.settings.work_dir / "scratch").iterdir()) == []


def one_take(backlot: Any, order: Any) -> TakeWork:
    item = backlot.items(order)[0]
    return TakeWork(item.take_ids[0], item.clip_ids[:1], (item.output,), item.sentences[0], item.locale)


def test_the_frames_of_a_take_stand_in_the_log_without_words(backlot: Any) -> None:
    order = backlot.order("logged", scenes={"en-GB": ("Hello {name}!",)})
    take = one_take(backlot, order)
    with capture_logs() as lines:
        backlot.studio.perform(take, permit_of(order))
        backlot.studio.perform(take, permit_of(order))
    marks = {"job": "acme/logged", "order": order.uid, "pool": "default", "take": take.take_id[:12]}
    known = {"log_level": "info", **marks, "trace_id": trace_id(order.uid, order.generation), "at": backlot.now}
    assert lines == [{"event": "frames begin", **known}, {"event": "frames end", **known, "ended": "whole"}]


def test_a_stopped_order_makes_not_one_more_frame(backlot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told in the middle of a take; put again, the order goes on."""
    order = backlot.order(
        "stopped", uid="order-that-is-stopped", scenes={"en-GB": ("Hello {name}! Spring is here again.",)}
    )
    take, permit = one_take(backlot, order), permit_of(order, taken_up_at=100.0)
    drawn: list[int] = []

    def stopping(composer: Any, performance: Any, between: Any) -> Any:
        def told() -> None:
            if len(drawn) == 3:
                backlot.studio.stop(order.uid, 100.0)
            between()
            drawn.append(len(drawn))

        return encode(composer, performance, told)

    monkeypatch.setattr("understudy_workers.filming.encode", stopping)
    with capture_logs() as lines:
        result = backlot.studio.perform(take, permit)
    assert (result.refusal.reason, result.frames, drawn) == (ORDER_STOPPED, 0, [0, 1, 2])
    assert ORDER_STOPPED in PAUSING_REASONS
    assert lines[-1]["ended"] == ORDER_STOPPED
    assert backlot.objects.head(backlot.staging, clip_key(permit_of(order).account, take.clip_ids[0])) is None
    assert backlot.studio.perform(take, permit).stage_seconds == {}
    monkeypatch.undo()
    assert backlot.studio.perform(take, permit_of(order, taken_up_at=100.1)).reused == (False,)


def test_a_take_ends_with_its_grant(backlot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is cut off from everybody else stops by itself."""
    order = backlot.order("late", scenes={"en-GB": ("Hello {name}! Spring is late this year.",)})
    take, began = one_take(backlot, order), backlot.now

    def waiting(composer: Any, performance: Any, between: Any) -> Any:
        def late() -> None:
            backlot.now += 300.0
            between()

        return encode(composer, performance, late)

    monkeypatch.setattr("understudy_workers.filming.encode", waiting)
    with capture_logs() as lines:
        result = backlot.studio.perform(take, permit_of(order))
    assert (result.refusal.reason, result.frames) == ("GrantExpired", 0)
    assert (lines[-1]["at"], lines[-1]["ended"]) == (began + 900.0, "GrantExpired")
    backlot.now = began


def test_a_take_that_fails_says_so_in_the_log(backlot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> Any:
        raise RuntimeError("no light")

    monkeypatch.setattr("understudy_workers.filming.encode", broken)
    order = backlot.order("dark", scenes={"en-GB": ("Hello {name}!",)})
    with capture_logs() as lines, pytest.raises(RuntimeError, match="no light"):
        backlot.studio.perform(one_take(backlot, order), permit_of(order))
    assert [line["event"] for line in lines] == ["frames begin", "frames end"]
    assert lines[-1]["ended"] == "failed"


THREE = ("Hello {name}!", "Spring is here.", "Come and see what is new.")


def opening(backlot: Any, order: Any, committed_seconds: float = 0.0) -> TakeWork:
    """The first take of the order's first item, with all that the item says."""
    item = backlot.items(order)[0]
    return replace(one_take(backlot, order), speech=Speech(item.take_ids, item.sentences, committed_seconds))


def three_sentences(backlot: Any, job: str, grant: Any = None, **terms: Any) -> Any:
    license_ = backlot.signers.license(jti=f"license-{job}", **terms)
    return backlot.order(job, scenes={"en-GB": (" ".join(THREE),)}, license=license_, grant=grant)


def nothing_was_filmed(backlot: Any, order: Any, take: TakeWork, result: Any, lines: Any) -> None:
    assert (result.frames, result.reused, result.item_refused) == (0, (False,), True)
    assert not {"animate", "compose", "encode"} & set(result.stage_seconds)
    assert lines == []
    assert backlot.objects.head(backlot.staging, clip_key(permit_of(order).account, take.clip_ids[0])) is None


def test_an_item_that_is_too_long_is_refused_before_its_first_frame(backlot: Any) -> None:
    order = three_sentences(backlot, "too-long", max_item_seconds=2)
    take = opening(backlot, order)
    with capture_logs() as lines:
        result = backlot.studio.perform(take, permit_of(order))
    assert result.refusal.reason == "ItemTooLong"
    assert result.item_seconds > 2
    nothing_was_filmed(backlot, order, take, result, lines)
    again = backlot.studio.perform(take, permit_of(order))
    assert (again.item_seconds, "speak" in again.stage_seconds) == (result.item_seconds, False), (
        "nothing is spoken twice"
    )


def test_an_item_beyond_the_grant_waits_before_its_first_frame_and_says_how_much_it_needs(backlot: Any) -> None:
    order = three_sentences(backlot, "beyond", grant={"seconds": 21.0})
    take = opening(backlot, order, committed_seconds=20.0)
    with capture_logs() as lines:
        result = backlot.studio.perform(take, permit_of(order))
    assert result.refusal.reason == GRANT_EXHAUSTED
    assert f"{result.item_seconds:.2f} s wanted, 1.00 s of 21.00 s left" in result.refusal.message
    nothing_was_filmed(backlot, order, take, result, lines)
    enough = {"seconds": 20.0 + result.item_seconds}
    renewed = order.model_copy(update={"grant": backlot.signers.grant(order, **enough)})
    made = backlot.studio.perform(take, permit_of(renewed))
    assert (made.refusal, made.reused, made.item_seconds) == (None, (False,), result.item_seconds)
    takes = backlot.film(renewed, backlot.items(renewed)[:1])
    assert sum(one.frames for one in takes) / 25 == result.item_seconds
    assert ["speak" in one.stage_seconds for one in takes] == [False, False, False]


def test_with_plenty_left_and_no_bound_nothing_is_asked_ahead(backlot: Any) -> None:
    order = three_sentences(backlot, "plenty")
    result = backlot.studio.perform(opening(backlot, order), permit_of(order))
    assert (result.refusal, result.item_seconds) == (None, None)
    others = backlot.items(order)[0].take_ids[1:]
    assert [backlot.objects.head(backlot.staging, take_key(permit_of(order).account, one)) for one in others] == [
        None,
        None,
    ]


def test_a_sentence_that_nobody_may_say_refuses_its_item_alone(backlot: Any) -> None:
    order = three_sentences(backlot, "floor-ahead", max_item_seconds=60)
    take = opening(backlot, order)
    speech = replace(take.speech, sentences=(take.words, THREE[1], "This tea cures cancer."))
    with capture_logs() as lines:
        result = backlot.studio.perform(replace(take, speech=speech), permit_of(order))
    assert (result.refusal.reason, result.item_seconds) == ("ContentBlocked", None)
    nothing_was_filmed(backlot, order, take, result, lines)


def test_a_sentence_that_cannot_be_spoken_is_left_to_its_own_take(backlot: Any) -> None:
    order = three_sentences(backlot, "mute", max_item_seconds=60)
    take = opening(backlot, order)
    speech = replace(take.speech, sentences=(take.words, "...", THREE[2]))
    result = backlot.studio.perform(replace(take, speech=speech), permit_of(order))
    assert (result.refusal, result.reused, result.item_seconds) == (None, (False,), None)


def test_words_that_are_not_on_the_list_make_no_frame(backlot: Any) -> None:
    """A director hands over a sentence that nobody consented to, under the clearance of another one."""
    order = three_sentences(backlot, "consented")
    lister = Lister(order.content.scenes, order.content.digest)
    lister.row({"id": "c1", "name": "Mia"})
    subject = ConsentSubject(
        namespace=order.namespace,
        job=order.job,
        twin=order.twin.id,
        license="license-consented",
        use=order.use,
        locales=order.locales,
        content=order.content.digest,
        listing=lister.listing().digest,
        form="sentences",
    )
    backlot.objects.put(backlot.staging, copy_key(order.uid, subject.listing), b"".join(lister.lines()))
    cleared = order.model_copy(update={"clearance": Clearance(subject=subject, reviewer="rita")})
    cleared = cleared.model_copy(update={"grant": backlot.signers.grant(cleared, seconds=30.0)})
    take = opening(backlot, cleared)
    with capture_logs() as lines:
        result = backlot.studio.perform(replace(take, words="Buy it now!"), permit_of(cleared))
        ahead = replace(take.speech, sentences=(take.words, "Buy it now!", THREE[2]))
        refused = backlot.studio.perform(replace(take, speech=ahead), permit_of(cleared))
    assert (result.refusal.reason, result.frames, result.stage_seconds) == ("WordsNotConsented", 0, {})
    assert refused.refusal.reason == "WordsNotConsented"
    nothing_was_filmed(backlot, order, take, refused, lines)
    made = backlot.studio.perform(take, permit_of(cleared))
    assert (made.refusal, made.reused) == (None, (False,))
