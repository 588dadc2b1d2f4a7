import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
import tink
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.acts import CaptureConsent, ConsentAnswer, Erase, Export, Resume, Revocation, Stop, sign_act
from understudy_api.consent import Clearance, ConsentSubject
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.order import OrderedUse, TwinPin, VideoOutput
from understudy_api.release import (
    ERASURE_TYPE,
    Erasure,
    HandedOver,
    Handover,
    Heartbeat,
    Heeded,
    OwnersWord,
    Released,
    decode,
)
from understudy_api.use import Declaration
from understudy_api.verdict import Refusal, Verdict
from understudy_vault.keystore import Destroyed, Kept


def data_key(room: Any, twin: str) -> bytes:
    found = room.vault.keys.find(twin)
    assert isinstance(found, Kept)
    return found.data_key


def refused(answer: Any) -> str:
    assert isinstance(answer, Verdict), answer
    assert not answer.permitted
    return answer.reason


def say(room: Any, cast: Any, act: Any, signer: OKPKey | None = None, records: tuple[str, ...] = ()) -> Any:
    word = OwnersWord(genesis=cast.genesis, key_records=records, act=sign_act(signer or cast.owner, act))
    return room.vault.heed(word)


def test_a_rightful_performer_gets_the_key_sealed_to_its_question(room: Any, cast: Any) -> None:
    envelope = cast.ask(cast.rendering())
    released = room.release(envelope)
    assert isinstance(released, Released)
    assert envelope.opened(released) == data_key(room, cast.twin)
    assert released.lease_seconds == 60
    with pytest.raises(tink.TinkError):
        cast.ask(cast.rendering()).opened(released)


def test_the_log_line_comes_first_and_names_everybody(room: Any, cast: Any) -> None:
    room.release(cast.ask(cast.rendering()))
    (line,) = room.log()
    assert (line["what"], line["twin"], line["jti"], line["pool"]) == (
        "released",
        cast.twin,
        "acme-spring-1",
        "default",
    )
    assert line["caller"] == cast.performers_user
    assert line["performer"] == token.thumbprint(cast.performer)
    for text in room.shelf.objects.values():
        assert "Ada" not in text.decode()


def test_no_log_no_key(room: Any, cast: Any) -> None:
    def refuse(key: str, data: bytes) -> bool:
        raise OSError("the bucket is read-only")

    room.shelf.create = refuse
    with pytest.raises(OSError, match="read-only"):
        room.release(cast.ask(cast.rendering()))


@pytest.mark.parametrize(
    ("bearer", "reason"),
    [("operator", "CallerNotOfPool"), ("other", "CallerNotOfPool")],
    ids=["operator", "other pool"],
)
def test_others_get_nothing_with_the_very_same_claim(room: Any, cast: Any, bearer: str, reason: str) -> None:
    assert refused(room.release(cast.ask(cast.rendering()), bearer)) == reason
    assert [(line["what"], line["reason"]) for line in room.log()] == [("refused", reason)]


def test_a_stranger_is_no_caller_and_leaves_no_line(room: Any, cast: Any) -> None:
    assert isinstance(room.release(cast.ask(cast.rendering()), "who"), Refusal)
    assert room.log() == []


def test_a_grant_replayed_by_another_worker(room: Any, cast: Any) -> None:
    assert refused(room.release(cast.ask(cast.rendering(), by=token.new_key()))) == "PerformerNotNamed"


def test_a_grant_without_performers_is_good_for_nobody(room: Any, cast: Any) -> None:
    making = cast.making()
    assert (
        refused(room.release(cast.ask(cast.rendering(making, cast.grant(making, performers=())))))
        == "PerformerNotNamed"
    )


GRANTS: list[tuple[str, dict[str, Any], str]] = [
    ("another pool", {"aud": "other"}, "GrantMismatch"),
    ("another order", {"sub": "another-order-uid"}, "GrantMismatch"),
    ("another content", {"order": "e" * 64}, "GrantMismatch"),
    ("another license", {"license": "e" * 64}, "GrantMismatch"),
    ("another version", {"twin_version": "e" * 64}, "GrantMismatch"),
    ("another keyring", {"keys": "e" * 64}, "GrantMismatch"),
    ("another farm", {"iss": "A" * 43}, "GrantMismatch"),
]


@pytest.mark.parametrize(("change", "reason"), [row[1:] for row in GRANTS], ids=[row[0] for row in GRANTS])
def test_a_grant_is_good_for_one_thing(room: Any, cast: Any, change: dict[str, Any], reason: str) -> None:
    making = cast.making()
    assert refused(room.release(cast.ask(cast.rendering(making, cast.grant(making, **change))))) == reason


def test_an_expired_grant_and_one_of_another_farm(room: Any, cast: Any) -> None:
    making = cast.making()
    late = cast.grant(making, iat=cast.now - 900, exp=cast.now)
    assert refused(room.release(cast.ask(cast.rendering(making, late)))) == "GrantExpired"
    forged = cast.grant(making, signer=token.new_key())
    assert refused(room.release(cast.ask(cast.rendering(making, forged)))) == "BadGrant"


CLAUSES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "purpose",
        {"use": OrderedUse(purpose="news", channels=("social",), territories=("DE",))},
        {},
        "PurposeNotCovered",
    ),
    (
        "territory",
        {"use": OrderedUse(purpose="advertising", channels=("social",), territories=("US",))},
        {},
        "TerritoryNotCovered",
    ),
    ("language", {"locales": ("en-GB", "ja-JP")}, {}, "LanguageNotCovered"),
    ("brand", {"namespace": "rival"}, {}, "LicenseNotFound"),
    ("over", {}, {"exp": 1_780_000_000 - 1}, "LicenseExpired"),
    ("farm", {}, {"aud": "B" * 43}, "WrongFarm"),
]


@pytest.mark.parametrize(("made", "terms", "reason"), [row[1:] for row in CLAUSES], ids=[row[0] for row in CLAUSES])
def test_the_license_rule_is_asked_here_too(
    room: Any, cast: Any, made: dict[str, Any], terms: dict[str, Any], reason: str
) -> None:
    making = cast.making(**{"license": cast.license(**terms), **made})
    assert refused(room.release(cast.ask(cast.rendering(making)))) == reason


def test_a_license_the_owner_did_not_sign(room: Any, cast: Any) -> None:
    for signer in (cast.farm, cast.performer, token.new_key()):
        making = cast.making(license=cast.license(signer))
        assert refused(room.release(cast.ask(cast.rendering(making)))) == "SignerNotAllowed"


def test_a_stolen_farm_key_alone_signs_no_owners_rights(room: Any, cast: Any, stranger: Any) -> None:
    """It can grant whatever it likes: to itself, by a license of its own making, for a genesis of its own making."""
    for claim in (
        cast.rendering(cast.making(license=cast.license(cast.farm))),
        cast.rendering(genesis=stranger.genesis),
        stranger.rendering(),
        cast.rendering(stranger.making()),
    ):
        assert isinstance(room.release(cast.ask(claim)), Verdict)
    assert all(line["what"] == "refused" for line in room.log())


def test_swapped_owners_keys_are_refused(room: Any, cast: Any, stranger: Any) -> None:
    making = stranger.making(twin=TwinPin(id=cast.twin, version=cast.version))
    claim = stranger.rendering(making, genesis=stranger.genesis)
    assert refused(room.release(stranger.ask(claim))) == "TwinMismatch"
    assert refused(room.release(stranger.ask(stranger.rendering()))) == "NoKey"
    order = stranger.training_order(twin_id=cast.twin)
    assert refused(room.release(stranger.ask(stranger.training(order)))) == "TwinMismatch"


def test_the_pinned_record_counts_and_no_other(open_room: Callable[..., Any], cast: Any, stranger: Any) -> None:
    room = open_room()
    room.vault.keys.create(cast.twin, stranger.genesis, cast.now)
    assert refused(room.release(cast.ask(cast.rendering()))) == "OwnerChanged"
    assert refused(room.release(cast.ask(cast.training()))) == "OwnerChanged"


def test_a_question_is_about_its_own_claim_and_of_this_minute(room: Any, cast: Any) -> None:
    assert refused(room.release(cast.ask(cast.rendering(), claim="e" * 64))) == "ClaimMismatch"
    assert refused(room.release(cast.ask(cast.rendering(), iat=cast.now - 61))) == "NotFresh"
    assert refused(room.release(cast.ask(cast.rendering(), iat=cast.now + 61))) == "NotFresh"
    assert refused(room.release(cast.ask(cast.rendering(), recipient="A" * 80))) == "BadRecipient"


def test_the_first_training_makes_the_key_and_pins_the_owner(open_room: Callable[..., Any], cast: Any) -> None:
    room = open_room()
    assert refused(room.release(cast.ask(cast.rendering()))) == "NoKey"
    envelope = cast.ask(cast.training())
    released = room.release(envelope)
    assert envelope.opened(released) == data_key(room, cast.twin)
    assert room.vault.keys.find(cast.twin).pin.genesis == cast.genesis
    assert [line["what"] for line in room.log()] == ["refused", "created", "released"]
    again = cast.ask(cast.training())
    assert again.opened(room.release(again)) == data_key(room, cast.twin)


TRAININGS: list[tuple[str, dict[str, Any], str]] = [
    ("another pool", {"aud": "other"}, "GrantMismatch"),
    ("another order", {"order": "e" * 64}, "GrantMismatch"),
    ("another twin", {"twin": "e" * 64}, "GrantMismatch"),
    ("another uid", {"sub": "another-uid"}, "GrantMismatch"),
    ("another trainer", {"trainer": "A" * 43}, "PerformerNotNamed"),
    ("no trainer", {"trainer": None}, "PerformerNotNamed"),
    ("expired", {"iat": 1_780_000_000 - 900, "exp": 1_780_000_000}, "GrantExpired"),
]


@pytest.mark.parametrize(("change", "reason"), [row[1:] for row in TRAININGS], ids=[row[0] for row in TRAININGS])
def test_a_training_needs_the_farms_grant_for_it(room: Any, cast: Any, change: dict[str, Any], reason: str) -> None:
    assert refused(room.release(cast.ask(cast.training(**change)))) == reason


def test_a_training_grant_replayed_by_another_process(open_room: Callable[..., Any], cast: Any) -> None:
    room = open_room()
    assert refused(room.release(cast.ask(cast.training(), by=token.new_key()))) == "PerformerNotNamed"
    assert room.vault.keys.find(cast.twin) is None, "and no key was made for it"


def test_a_training_without_a_grant_or_with_a_forged_one(room: Any, cast: Any) -> None:
    claim = cast.training()
    bare = claim.model_copy(update={"order": claim.order.model_copy(update={"grant": None})})
    assert refused(room.release(cast.ask(bare))) == "BadGrant"
    assert refused(room.release(cast.ask(cast.training(signer=token.new_key())))) == "BadGrant"
    assert refused(room.release(cast.ask(claim), "operator")) == "CallerNotOfPool"


def test_a_revoked_license_opens_nothing_even_for_a_farm_that_looks_away(room: Any, cast: Any) -> None:
    assert say(room, cast, Revocation(twin=cast.twin, jti="acme-spring-1", iat=cast.now)) == Heeded()
    assert refused(room.release(cast.ask(cast.rendering()))) == "LicenseRevoked"
    other = cast.making(license=cast.license(jti="acme-summer-1"))
    assert isinstance(room.release(cast.ask(cast.rendering(other))), Released)


def test_a_stopped_twin_is_neither_rendered_nor_trained_until_the_owner_resumes_it(room: Any, cast: Any) -> None:
    from understudy_api.digest import digest_bytes

    stop = sign_act(cast.owner, Stop(twin=cast.twin, iat=cast.now))
    room.vault.heed(OwnersWord(genesis=cast.genesis, act=stop))
    assert refused(room.release(cast.ask(cast.rendering()))) == "TwinStopped"
    assert refused(room.release(cast.ask(cast.training()))) == "TwinStopped"
    say(room, cast, Resume(twin=cast.twin, stop=digest_bytes(stop.encode()), iat=cast.now))
    assert isinstance(room.release(cast.ask(cast.rendering())), Released)
    room.vault.heed(OwnersWord(genesis=cast.genesis, act=stop))
    assert isinstance(room.release(cast.ask(cast.rendering())), Released), "a lifted stop cannot be delivered again"


def test_a_twin_erased_before_it_had_a_key_never_gets_one(open_room: Callable[..., Any], cast: Any) -> None:
    room = open_room()
    assert refused(say(room, cast, Erase(twin=cast.twin, iat=cast.now))) == "NoKey"
    assert refused(room.release(cast.ask(cast.training()))) == "TwinErased"
    act = Export(twin=cast.twin, recipient="age1" + "q" * 58, iat=cast.now, exp=cast.now + 600)
    asked = Handover(genesis=cast.genesis, act=sign_act(cast.owner, act), adopt=True)
    assert refused(room.vault.hand_over(asked)) == "NoKey"
    assert room.vault.keys.find(cast.twin) is None


def test_a_key_record_is_heard_by_itself_and_again(room: Any, cast: Any) -> None:
    new = token.new_key()
    record = rotated(cast, new)
    for records in ((), (record,), (record,)):
        word = OwnersWord(genesis=cast.genesis, key_records=records, act=record)
        assert room.vault.heed(word) == Heeded()
    assert refused(room.release(cast.ask(cast.rendering()))) == "KeyRecordBackwards"
    stop = Stop(twin=cast.twin, iat=cast.now)
    assert isinstance(say(room, cast, stop, records=(record,)), Verdict), "the old root"
    assert say(room, cast, stop, signer=new, records=(record,)) == Heeded()


def test_acts_of_others_are_not_heeded(room: Any, cast: Any, stranger: Any) -> None:
    for act in (
        Revocation(twin=cast.twin, jti="acme-spring-1", iat=cast.now),
        Stop(twin=cast.twin, iat=cast.now),
        Erase(twin=cast.twin, iat=cast.now),
    ):
        for signer in (cast.farm, stranger.owner):
            assert isinstance(say(room, cast, act, signer), Verdict)
    assert isinstance(say(room, stranger, Erase(twin=cast.twin, iat=cast.now)), Verdict)
    assert isinstance(room.release(cast.ask(cast.rendering())), Released)


def rotated(cast: Any, new: OKPKey) -> str:
    from understudy_api.genesis import PublicKey

    record = KeyRecord(
        twin=cast.twin,
        number=1,
        previous=cast.twin,
        act="rotate",
        key=PublicKey.model_validate(token.public_jwk(new)),
        iat=cast.now,
    )
    return sign_key_record(cast.owner, record)


def test_a_replaced_key_never_comes_back(room: Any, cast: Any) -> None:
    from understudy_api.digest import digest_bytes

    new = token.new_key()
    record = rotated(cast, new)
    making = cast.making(license=cast.license(new))
    grant = cast.grant(making, keys=digest_bytes(record.encode()))
    claim = cast.rendering(making, grant, key_records=(record,))
    assert isinstance(room.release(cast.ask(claim)), Released)
    assert refused(room.release(cast.ask(cast.rendering()))) == "KeyRecordBackwards"
    assert isinstance(say(room, cast, Erase(twin=cast.twin, iat=cast.now), records=(record,)), Verdict), "the old root"


def test_an_erased_twin_is_gone_for_ever_and_the_receipt_says_what_is_not(room: Any, cast: Any) -> None:
    released = room.release(cast.ask(cast.rendering()))
    assert room.vault.pulse(Heartbeat(leases=(released.lease,))).gone == ()
    room.steady = 61.0  # the vault is older than a lease, and the performer was heard of no longer
    heeded = say(room, cast, Erase(twin=cast.twin, iat=cast.now, reason="enough"))
    assert isinstance(heeded, Heeded)
    claims = token.verify(heeded.receipt or "", room.vault.signing_key, ERASURE_TYPE)
    assert isinstance(claims, dict)
    receipt = Erasure.model_validate(claims)
    assert receipt.twin == cast.twin
    assert receipt.performers == (f"{token.thumbprint(cast.performer)}: was heard of no longer and has ended itself",)
    for word in ("backups", "exports", "delivered", "memory images"):
        assert any(word in line for line in receipt.beyond_reach)
    assert refused(room.release(cast.ask(cast.rendering()))) == "TwinErased"
    assert refused(room.release(cast.ask(cast.training()))) == "TwinErased"
    assert room.vault.pulse(Heartbeat(leases=(released.lease,))).gone == (cast.twin,)
    assert say(room, cast, Erase(twin=cast.twin, iat=cast.now + 1)) == heeded, "the same receipt again"
    assert [line["what"] for line in room.log()][:2] == ["released", "erase"]


@pytest.fixture
def set_back(room: Any, cast: Any, tmp_path: Path) -> Any:
    """A vault whose twin was erased, and whose folder of keys is again what it was before."""
    room.steady = 61.0  # nobody can hold the key any more
    shutil.copytree(tmp_path / "keys", tmp_path / "copy")
    room.receipt = say(room, cast, Erase(twin=cast.twin, iat=cast.now))
    assert isinstance(room.vault.keys.find(cast.twin), Destroyed)
    shutil.copytree(tmp_path / "copy", tmp_path / "keys", dirs_exist_ok=True)
    assert isinstance(room.vault.keys.find(cast.twin), Kept), "the copy holds it"
    return room


def test_a_key_that_an_older_copy_of_the_store_brings_back_is_given_to_nobody(set_back: Any, cast: Any) -> None:
    for claim in (cast.rendering(), cast.training()):
        assert refused(set_back.release(cast.ask(claim))) == "TwinErased"
    act = Export(twin=cast.twin, recipient="age1" + "q" * 58, iat=cast.now, exp=cast.now + 600)
    for adopt in (False, True):
        asked = Handover(genesis=cast.genesis, act=sign_act(cast.owner, act), adopt=adopt)
        assert refused(set_back.vault.hand_over(asked)) == "TwinErased"


def test_a_vault_that_starts_destroys_again_what_was_erased(
    set_back: Any, cast: Any, stranger: Any, tmp_path: Path
) -> None:
    set_back.vault.keys.create(stranger.twin, stranger.genesis, cast.now)
    set_back.vault.erase_again()
    assert isinstance(set_back.vault.keys.find(cast.twin), Destroyed)
    assert "data_key" not in (tmp_path / "keys" / f"{cast.twin}.json").read_text()
    assert len(data_key(set_back, stranger.twin)) == 32, "others keep theirs"
    log = set_back.log()
    assert (log[-1]["what"], log[-1]["twin"]) == ("erased again", cast.twin)
    set_back.vault.erase_again()
    assert set_back.log() == log, "once is enough"
    assert say(set_back, cast, Erase(twin=cast.twin, iat=cast.now)) == set_back.receipt


def test_an_erased_twin_that_a_copy_does_not_hold_stays_erased(set_back: Any, cast: Any, tmp_path: Path) -> None:
    (tmp_path / "keys" / f"{cast.twin}.json").unlink()
    set_back.vault.erase_again()
    assert set_back.vault.keys.find(cast.twin) is None
    assert refused(set_back.release(cast.ask(cast.training()))) == "TwinErased"


def test_a_performer_that_says_goodbye_is_told_of(room: Any, cast: Any) -> None:
    released = room.release(cast.ask(cast.rendering()))
    room.vault.pulse(Heartbeat(leases=(released.lease,), leaving=True))
    room.steady = 61.0
    heeded = say(room, cast, Erase(twin=cast.twin, iat=cast.now))
    claims = token.verify(heeded.receipt or "", room.vault.signing_key, ERASURE_TYPE)
    assert Erasure.model_validate(claims).performers == (f"{token.thumbprint(cast.performer)}: said that it ends",)


def test_only_an_owners_export_hands_a_key_over(room: Any, cast: Any, stranger: Any) -> None:
    identity = pyrage.x25519.Identity.generate()
    act = Export(twin=cast.twin, recipient=str(identity.to_public()), iat=cast.now, exp=cast.now + 600)
    asked = Handover(genesis=cast.genesis, act=sign_act(cast.owner, act))
    handed = room.vault.hand_over(asked)
    assert isinstance(handed, HandedOver)
    assert pyrage.decrypt(decode(handed.sealed_key), [identity]) == data_key(room, cast.twin)
    for wrong in (
        sign_act(cast.farm, act),
        sign_act(stranger.owner, act),
        sign_act(cast.owner, Erase(twin=cast.twin, iat=cast.now)),
        sign_act(cast.owner, act.model_copy(update={"exp": cast.now})),
    ):
        assert isinstance(room.vault.hand_over(Handover(genesis=cast.genesis, act=wrong)), Verdict)


def test_a_twin_from_elsewhere_is_adopted_by_its_owner(open_room: Callable[..., Any], cast: Any) -> None:
    room, identity = open_room(), pyrage.x25519.Identity.generate()
    act = Export(twin=cast.twin, recipient=str(identity.to_public()), iat=cast.now, exp=cast.now + 600)
    asked = Handover(genesis=cast.genesis, act=sign_act(cast.owner, act))
    assert refused(room.vault.hand_over(asked)) == "NoKey"
    handed = room.vault.hand_over(asked.model_copy(update={"adopt": True}))
    assert pyrage.decrypt(decode(handed.sealed_key), [identity]) == data_key(room, cast.twin)
    assert isinstance(room.release(cast.ask(cast.rendering())), Released)


def test_an_act_of_no_concern_is_heard_and_changes_nothing(room: Any, cast: Any) -> None:
    consent = CaptureConsent(
        twin=cast.twin, capture_sha256="e" * 64, passcode="three-words-here", witness="Bo", iat=cast.now
    )
    assert say(room, cast, consent) == Heeded()
    assert isinstance(room.release(cast.ask(cast.rendering())), Released)


def cleared(cast: Any, signer: OKPKey | None = None, **changes: Any) -> Any:
    """A claim in a sensitive category whose words somebody released: the owner, unless another signs."""
    license_ = cast.license(sensitive_categories=("386",), jti="acme-sensitive-1")
    use = OrderedUse(purpose="advertising", channels=("social",), territories=("DE",), categories=("386",))
    known: dict[str, Any] = {
        "namespace": "acme",
        "job": "spring",
        "twin": cast.twin,
        "license": "acme-sensitive-1",
        "use": Declaration(**dict(use)),
        "locales": ("en-GB", "de-DE"),
        "categories": ("386",),
        "content": "d" * 64,
        "listing": "e" * 64,
        "form": "sentences",
    }
    subject = ConsentSubject(**{**known, **changes})
    answer = ConsentAnswer(
        twin=cast.twin,
        request=subject.digest,
        license=subject.license,
        answer="approve",
        iat=cast.now,
        exp=cast.now + 1000,
    )
    clearance = Clearance(subject=subject, answer=sign_act(signer or cast.owner, answer))
    making = cast.making(license=license_, use=use, clearance=clearance.digest)
    return cast.rendering(making, clearance=clearance)


def test_a_sensitive_use_needs_the_owners_own_signature_here_too(room: Any, cast: Any, stranger: Any) -> None:
    claim = cleared(cast)
    assert isinstance(room.release(cast.ask(claim)), Released)
    bare = cast.making(license=claim.making.license, use=claim.making.use)
    assert refused(room.release(cast.ask(cast.rendering(bare)))) == "ConsentRequired"
    for signer in (cast.farm, stranger.owner):
        assert isinstance(room.release(cast.ask(cleared(cast, signer))), Verdict)
    for change in ({"content": "f" * 64}, {"license": "another-license"}, {"namespace": "rival"}):
        assert refused(room.release(cast.ask(cleared(cast, **change)))) == "ConsentMismatch"
    unshown = claim.model_copy(update={"clearance": None})
    assert refused(room.release(cast.ask(unshown))) == "ConsentMismatch"


RECIPIENT = "age1" + "q" * 58


def previewed(cast: Any, **changes: Any) -> Any:
    """A claim to a preview of a sensitive use that nobody has consented to."""
    license_ = cast.license(sensitive_categories=("386",), preview=True, preview_recipient=RECIPIENT)
    use = OrderedUse(purpose="advertising", channels=("social",), territories=("DE",), categories=("386",))
    small = (VideoOutput(name="preview", width=568, height=320),)
    made = {"license": license_, "use": use, "outputs": small, "preview": RECIPIENT, **changes}
    return cast.rendering(cast.making(**made))


def test_a_preview_needs_no_consent_and_is_sealed_to_whom_the_license_names(room: Any, cast: Any) -> None:
    assert isinstance(room.release(cast.ask(previewed(cast))), Released)
    assert refused(room.release(cast.ask(previewed(cast, preview=None)))) == "ConsentRequired"
    assert refused(room.release(cast.ask(previewed(cast, preview="age1" + "z" * 58)))) == "PreviewNotCovered"
    plain = cast.license(sensitive_categories=("386",))
    assert refused(room.release(cast.ask(previewed(cast, license=plain)))) == "PreviewNotCovered"
    large = (VideoOutput(name="preview", width=1920, height=1080),)
    assert refused(room.release(cast.ask(previewed(cast, outputs=large)))) == "PreviewTooLarge"


def test_a_later_no_takes_a_yes_back_here_too(room: Any, cast: Any) -> None:
    """A farm that goes on showing the yes it was once given gets no key."""
    claim = cleared(cast)
    assert isinstance(room.release(cast.ask(claim)), Released)
    no = {"twin": cast.twin, "request": claim.clearance.subject.digest, "license": "acme-sensitive-1", "answer": "deny"}
    earlier = ConsentAnswer.model_validate({**no, "iat": cast.now - 1, "exp": cast.now + 1000})
    say(room, cast, earlier)
    assert isinstance(room.release(cast.ask(claim)), Released), "the yes was signed after it"
    say(room, cast, ConsentAnswer.model_validate({**no, "request": "f" * 64, "iat": cast.now, "exp": cast.now + 1000}))
    assert isinstance(room.release(cast.ask(claim)), Released), "another request"
    say(room, cast, ConsentAnswer.model_validate({**no, "iat": cast.now, "exp": cast.now + 1000}))
    assert refused(room.release(cast.ask(claim))) == "ConsentDenied"
