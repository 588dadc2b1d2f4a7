"""Recorded acts in any order make one word: revocations stay, stops stand until they are lifted."""

from __future__ import annotations

from itertools import permutations

import pytest
from builders import NOW, a_key, a_keyring
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.acts import Act, ConsentAnswer, Erase, Resume, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.owner_word import OwnerWord, Recorded, act_key, key_record_key, owner_word, parsed
from understudy_api.token import public_jwk

TWIN = a_keyring().twin_id
T = int(NOW)


def recorded(act: Act, at: float = NOW) -> Recorded:
    return Recorded(act=sign_act(a_key("owner"), act), accepted_at=at)


STOPS = [recorded(Stop(twin=TWIN, iat=T + n, reason=f"stop {n}"), NOW + n) for n in range(3)]
LIFTS = [recorded(Resume(twin=TWIN, stop=digest_bytes(stop.act.encode()), iat=T + 9)) for stop in STOPS]
REVOKED = [recorded(Revocation(twin=TWIN, jti=f"license-{n}", iat=T), NOW + n) for n in range(3)]


def test_nothing_said_refuses_nothing() -> None:
    word = owner_word((), ())
    assert word == OwnerWord()
    assert (word.halted, word.erased) == (None, None)


def test_a_revocation_ends_one_license_for_good() -> None:
    word = owner_word((), REVOKED[:1])
    assert word.revoked == {"license-0": NOW}
    assert word.halted is None


def test_the_first_time_of_a_revocation_counts() -> None:
    again = recorded(Revocation(twin=TWIN, jti="license-0", iat=T + 50, reason="once more"), NOW + 50)
    assert owner_word((), [again, REVOKED[0]]).revoked == {"license-0": NOW}


@given(st.permutations([*STOPS, *LIFTS[:2], *REVOKED]))
def test_order_does_not_matter(acts: list[Recorded]) -> None:
    word = owner_word((), acts)
    assert word.stops == {digest_bytes(STOPS[2].act.encode()): NOW + 2}
    assert set(word.revoked) == {"license-0", "license-1", "license-2"}
    assert set(word.taken) == {digest_bytes(one.act.encode()) for one in acts}


@given(st.sets(st.integers(0, 2)), st.sets(st.integers(0, 2)))
def test_a_twin_is_stopped_while_a_stop_stands(stopped: set[int], lifted: set[int]) -> None:
    word = owner_word((), [*(STOPS[n] for n in stopped), *(LIFTS[n] for n in lifted)])
    assert bool(word.stops) == bool(stopped - lifted)
    assert (word.halted is not None and word.halted.reason == "TwinStopped") == bool(stopped - lifted)
    assert word.erased is None


def test_a_lifted_stop_cannot_be_delivered_again() -> None:
    word = owner_word((), [LIFTS[0], STOPS[0]])
    assert word.halted is None
    assert digest_bytes(STOPS[0].act.encode()) in word.taken


def test_an_erased_twin_is_refused_first() -> None:
    word = owner_word((), [recorded(Erase(twin=TWIN, iat=T), NOW + 5), recorded(Erase(twin=TWIN, iat=T + 1), NOW + 3)])
    assert word.erased_at == NOW + 3
    assert word.halted is not None
    assert word.halted == word.erased
    assert word.halted.reason == "TwinErased"
    stopped = owner_word((), [STOPS[0], recorded(Erase(twin=TWIN, iat=T))])
    assert stopped.halted == word.erased


def an_answer(answer: str, signed: int, at: float) -> Recorded:
    """An answer to request aaa..., signed and recorded so many seconds after T."""
    claims = {"twin": TWIN, "request": "a" * 64, "license": "license-0", "answer": answer, "exp": T + 99}
    return recorded(ConsentAnswer.model_validate({**claims, "iat": T + signed}), NOW + at)


YES, NO = an_answer("approve", 1, 1), an_answer("deny", 2, 2)


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ([YES], 0),
        ([YES, NO], 1),
        ([YES, NO, an_answer("approve", 3, 3)], 2),
        ([NO, an_answer("approve", 1, 9)], 0),
        ([NO, an_answer("approve", 2, 9)], 0),
        ([YES, an_answer("deny", 0, 9)], 1),
        ([YES, an_answer("deny", 0, 1)], 1),
    ],
    ids=["yes", "later no", "yes again", "kept back", "same second", "backdated no", "both at once"],
)
def test_the_answer_recorded_last_stands_and_no_yes_that_was_kept_back(given: list[Recorded], stands: int) -> None:
    for order in permutations(given):
        assert owner_word((), order).answers == {"a" * 64: given[stands].act}


def test_what_revoked_and_erased_is_kept_word_for_word() -> None:
    again = recorded(Revocation(twin=TWIN, jti="license-0", iat=T + 50, reason="once more"), NOW + 50)
    erase = recorded(Erase(twin=TWIN, iat=T))
    word = owner_word((), [again, REVOKED[0], erase, recorded(Erase(twin=TWIN, iat=T + 1), NOW + 1)])
    assert word.revocations == {"license-0": REVOKED[0].act}
    assert word.erasure == erase.act


def test_other_acts_are_taken_and_stop_nothing() -> None:
    answer = ConsentAnswer(twin=TWIN, request="a" * 64, license="license-0", answer="deny", iat=T, exp=T + 60)
    word = owner_word((), [recorded(answer)])
    assert word.halted is None
    assert len(word.taken) == 1


def test_what_does_not_parse_is_no_act() -> None:
    assert parsed("no.token.here") is None
    assert owner_word((), [Recorded(act="no.token.here", accepted_at=NOW)]).halted is None


def test_key_records_are_kept_in_order_and_known_as_taken() -> None:
    key = PublicKey.model_validate(public_jwk(a_key("license")))
    claims = KeyRecord(twin=TWIN, number=1, previous=TWIN, act="delegate", role="license", key=key, iat=T)
    record = sign_key_record(a_key("owner"), claims)
    word = owner_word((record,), ())
    assert word.key_records == (record,)
    assert digest_bytes(record.encode()) in word.taken
    assert parsed(record) is None


def test_keys_name_what_they_hold() -> None:
    assert act_key(TWIN, REVOKED[0].act) == f"acts/{TWIN}/{digest_bytes(REVOKED[0].act.encode())}.json"
    assert [key_record_key(TWIN, n) for n in (1, 12)] == [f"keys/{TWIN}/00000001.json", f"keys/{TWIN}/00000012.json"]
