"""The director's client and the pool's memory, against the test peer over real TLS."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from operator_site import Site

from understudy_api import token
from understudy_api.grant import Grant, TrainingGrant, sign_grant
from understudy_api.order import Content, Delivery, Order, OrderedUse, TrainingOrder, TwinPin, VideoOutput
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.core.actions import UNSIGNED
from understudy_operator.shell.director import Director
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.pool import STALE_SECONDS, Pool

DIGEST = "d" * 64


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def peer(operator_site: Site) -> Iterator[Any]:
    """The peer with empty hands."""
    operator_site.peer.stop()
    operator_site.peer.start()
    yield operator_site.peer
    operator_site.peer.lingering = False
    operator_site.peer.refusals.clear()


@pytest.fixture
def director(operator_site: Site, peer: Any) -> Iterator[Director]:
    director = Director(operator_site.settings.director)
    yield director
    director.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(director: Director, clock: Clock) -> Pool:
    pool = Pool(director, clock)
    pool.poll()
    return pool


def order(farm: OKPKey, generation: int = 1, **changes: Any) -> Order:
    """An order with a grant that holds for ten minutes."""
    jws = token.sign(farm, "example+jwt", {})
    given: dict[str, Any] = {
        "uid": f"uid-{secrets.token_hex(6)}",
        "generation": generation,
        "namespace": "acme",
        "job": f"job-{secrets.token_hex(3)}",
        "pool": "default",
        "twin": TwinPin(id=DIGEST, version=DIGEST),
        "genesis": jws,
        "license": jws,
        "use": OrderedUse(purpose="advertising", channels=("social",), territories=("DE",)),
        "content": Content(
            script_locale="en", scenes={"en": ("Hi.",)}, key=None, rows_s3_key="k", rows_digest=DIGEST, rows_count=1
        ),
        "locales": ("en",),
        "outputs": (VideoOutput(name="wide", width=640, height=360),),
        "delivery": Delivery(bucket="understudy-outputs", prefix="acme/spring/"),
        "grant": UNSIGNED,
    }
    unsigned = Order(**{**given, **changes})
    return unsigned.model_copy(update={"grant": granted(farm, unsigned)})


def a_grant(farm: OKPKey, what: Order, seconds: int = 600) -> Grant:
    now = int(time.time())
    return Grant(
        iss=token.thumbprint(farm),
        aud="default",
        sub=what.uid,
        order=what.digest,
        license=DIGEST,
        keys=DIGEST,
        twin_version=DIGEST,
        seconds=100,
        iat=now,
        exp=now + seconds,
    )


def granted(farm: OKPKey, what: Order) -> str:
    return sign_grant(farm, a_grant(farm, what))


def until(what: Order, expires_at: int) -> Grant:
    """A grant that ends then, for the pool's memory."""
    return a_grant(token.new_key(), what).model_copy(update={"exp": expires_at})


def test_an_order_is_taken_and_its_hint_follows(operator_site: Site, pool: Pool, peer: Any, clock: Clock) -> None:
    wanted = order(operator_site.farm_key)
    pool.put_order(wanted, until(wanted, 700))
    held = pool.held(wanted.uid)
    assert held is not None
    assert (held.state, pool.grant_expires_at(wanted.uid)) == ("Running", 700)
    assert wanted.uid in (pool.held_uids() or ())
    assert pool.poll()[0] == {wanted.uid}
    assert pool.poll()[0] == set()
    clock.now += 1
    peer.held(wanted.uid).state = "Suspended"
    assert pool.poll() == ({wanted.uid}, False)
    assert wanted.uid in (pool.held_uids() or ())
    peer.held(wanted.uid).state = "Stopped"
    pool.poll()
    assert wanted.uid not in (pool.held_uids() or ()), "held, and nobody works on it"
    peer.held(wanted.uid).state = "Suspended"
    pool.poll()
    hint = pool.hint(wanted.uid)
    assert hint is not None
    assert hint.state == "Suspended"


def test_a_lower_generation_is_a_conflict(operator_site: Site, pool: Pool) -> None:
    newer = order(operator_site.farm_key, generation=3)
    pool.put_order(newer, until(newer, 1))
    with pytest.raises(ConflictError):
        pool.put_order(newer.model_copy(update={"generation": 2}), until(newer, 1))


def test_a_refusal_is_remembered_until_an_order_is_taken(operator_site: Site, pool: Pool, peer: Any) -> None:
    wanted = order(operator_site.farm_key)
    refusal = Verdict(refusals=(Refusal(reason="LicenseExpired", message="license: expired"),))
    peer.refusals[wanted.job] = refusal
    pool.put_order(wanted, until(wanted, 1))
    answer = pool.answer(wanted.uid)
    assert answer is not None
    assert (answer.verdict, answer.order) == (refusal, wanted.digest)
    assert pool.held(wanted.uid) is None
    peer.refusals.clear()
    pool.put_order(wanted, until(wanted, 1))
    assert pool.answer(wanted.uid) is None


def test_a_grant_by_another_key_is_refused_by_the_pool(operator_site: Site, pool: Pool) -> None:
    wanted = order(token.new_key())
    pool.put_order(wanted, until(wanted, 1))
    answer = pool.answer(wanted.uid)
    assert answer is not None
    assert answer.verdict.reason == "BadGrant"


def test_a_stopped_order_is_gone_at_once_and_a_lingering_one_is_not(
    operator_site: Site, pool: Pool, peer: Any, clock: Clock
) -> None:
    wanted = order(operator_site.farm_key)
    pool.put_order(wanted, until(wanted, 1))
    clock.now += 1
    pool.poll()
    before = pool.hint(wanted.uid)
    peer.lingering = True
    pool.stop_order(wanted.uid)
    pool.poll()
    held = pool.held(wanted.uid)
    assert held is not None
    assert held.state == "Finishing"
    peer.lingering = False
    pool.stop_order(wanted.uid)
    assert pool.held(wanted.uid) is None
    assert pool.hint(wanted.uid) != before
    assert wanted.uid not in (pool.held_uids() or ())
    pool.stop_order(wanted.uid)
    pool.poll()
    assert pool.held(wanted.uid) is None


def test_what_was_put_after_a_poll_began_is_newer_than_its_answer(
    operator_site: Site, director: Director, clock: Clock
) -> None:
    class Slow(Director):
        """The real client; during its answer something is put."""

        def board(self) -> Any:
            board = super().board()
            clock.now += 1
            pool.put_order(wanted, until(wanted, 1))
            return board

    wanted = order(operator_site.farm_key)
    slow = Slow(operator_site.settings.director)
    pool = Pool(slow, clock)
    clock.now += 1
    pool.poll()
    assert pool.held(wanted.uid) is not None
    slow.close()


def test_a_renewed_grant_is_remembered_and_a_lost_order_forgotten(operator_site: Site, pool: Pool, peer: Any) -> None:
    wanted = order(operator_site.farm_key)
    pool.put_order(wanted, until(wanted, 1))
    pool.put_grant(granted(operator_site.farm_key, wanted), until(wanted, 900))
    assert pool.grant_expires_at(wanted.uid) == 900
    assert len(peer.held(wanted.uid).grants) == 2
    with pytest.raises(OutageError, match="refused a grant"):
        pool.put_grant(granted(token.new_key(), wanted), until(wanted, 999))
    assert pool.grant_expires_at(wanted.uid) is None
    peer.stop()
    peer.start()
    pool.put_grant(granted(operator_site.farm_key, wanted), until(wanted, 999))
    assert pool.held(wanted.uid) is None
    assert pool.grant_expires_at(wanted.uid) is None


def test_what_is_committed_is_told_and_a_lost_order_forgotten(operator_site: Site, pool: Pool, peer: Any) -> None:
    wanted = order(operator_site.farm_key)
    pool.put_order(wanted, until(wanted, 1))
    pool.put_committed(wanted.uid, 3)
    held = pool.held(wanted.uid)
    assert held is not None
    assert held.committed == peer.held(wanted.uid).committed == 3
    pool.put_committed("uid-of-nobody", 3)
    assert pool.held("uid-of-nobody") is None
    assert pool.granted_seconds(wanted.uid) == 100


def test_one_lost_answer_is_forgiven_and_silence_is_not(pool: Pool, peer: Any, clock: Clock) -> None:
    peer.stop()
    clock.now += 1
    assert pool.poll() == (set(), False)
    assert pool.director is not None
    clock.now += STALE_SECONDS
    assert pool.poll() == (set(), True)
    look = pool.look()
    assert (look.board, pool.held_uids()) == (None, None)
    assert "does not answer" in look.problem
    peer.start()
    assert pool.poll() == (set(), True)
    assert pool.look().problem == ""


def test_trainings_are_put_looked_at_and_stopped(operator_site: Site, pool: Pool) -> None:
    jws = token.sign(operator_site.farm_key, "example+jwt", {})
    training = TrainingOrder(
        uid="training-1",
        generation=1,
        namespace="talent",
        twin="ada",
        twin_id=DIGEST,
        genesis=jws,
        capture_bucket="understudy-outputs",
        capture_key="talent/capture.mp4",
        effort="Quick",
        voice_variant="f2",
        voice_pitch=50,
        voice_rate_wpm=160,
    )
    assert pool.training("training-1") is None
    grant = TrainingGrant(
        iss="A" * 43, aud="default", sub="training-1", order=training.digest, twin=DIGEST, iat=0, exp=900
    )
    assert pool.training_grant("training-1") is None
    pool.put_training(training, grant)
    assert pool.training_grant("training-1") == grant
    found = pool.training("training-1")
    assert found is not None
    assert (found.state, found.digest) == ("Finished", training.digest)
    pool.stop_training("training-1")
    assert pool.training("training-1") is None


def test_a_wrong_token_is_the_farms_fault_and_no_verdict(operator_site: Site, peer: Any, tmp_path: Any) -> None:
    path = tmp_path / "token"
    path.write_text("wrong")
    stranger = Director(operator_site.settings.director.model_copy(update={"token_file": path}))
    wanted = order(operator_site.farm_key)
    for ask in (stranger.board, lambda: stranger.put_order(wanted), lambda: stranger.delete_order(wanted.uid)):
        with pytest.raises(OutageError, match="HTTP 403; check that operator and director share a token"):
            ask()
    path.unlink()
    with pytest.raises(OutageError, match="cannot be read"):
        stranger.board()
    stranger.close()
    assert peer.held(wanted.uid) is None


def test_a_server_of_another_authority_is_not_spoken_to(operator_site: Site, peer: Any) -> None:
    elsewhere = Director(operator_site.settings.director.model_copy(update={"ca_file": None}))
    with pytest.raises(OutageError, match="certificate verify failed"):
        elsewhere.board()
    elsewhere.close()


def test_forgetting_leaves_nothing(operator_site: Site, pool: Pool) -> None:
    wanted = order(operator_site.farm_key)
    pool.put_order(wanted, until(wanted, 5))
    pool.forget(wanted.uid)
    assert pool.grant_expires_at(wanted.uid) is None
