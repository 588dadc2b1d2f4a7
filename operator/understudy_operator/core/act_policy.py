"""What becomes of a delivered owner act: recorded once its signature and place hold, refused with the reason otherwise."""

from __future__ import annotations

from typing import Final

from understudy_api import token
from understudy_api.acts import Act, ConsentAnswer, Erase, Export, Resume, Revocation, Stop, read_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import twin_id
from understudy_api.keyring import KeyRecord, Keyring, read_keyring
from understudy_api.model import Condition
from understudy_api.owner_word import Recorded, act_key, key_record_key
from understudy_api.owneract import OwnerActStatus
from understudy_api.status_list import STATUS_LIST_TYPE, StatusList, read_status_list
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import RecordAct, RecordList
from understudy_operator.core.conditions import EventType, Said, find, merged, reconciling, stalled
from understudy_operator.core.state import ActState, SpecProblem
from understudy_operator.core.telling import NOT_TOLD, UNAVAILABLE, vaulted
from understudy_operator.core.times import rfc3339

TWIN_SECONDS: Final = 10.0
LAPSING: Final = frozenset({"TwinNotFound", "KeyRecordGap", "FromTheFuture"})
"""Refusals that may pass by themselves: they are looked at again."""
PASSING: Final = LAPSING | {NOT_TOLD, UNAVAILABLE}
"""Reasons why an act is not done yet that may pass by themselves."""


Judged = Act | KeyRecord | StatusList | Refusal | None
"""The act to record, why it may not be, or None when it stands recorded already."""


def record(state: ActState, found: Judged, now: float) -> tuple[RecordAct | RecordList, ...]:
    """The act to record now; nothing when it stands recorded or may not be."""
    if found is None or isinstance(found, Refusal) or isinstance(state.spec, SpecProblem) or state.twin is None:
        return ()
    twin = twin_id(state.twin.genesis)
    recorded = Recorded(act=state.spec.act, accepted_at=now)
    if isinstance(found, StatusList):
        return (RecordList(twin_id=twin, sequence=state.listed.sequence, recorded=recorded),)
    key = key_record_key(twin, found.number) if isinstance(found, KeyRecord) else act_key(twin, state.spec.act)
    return (RecordAct(twin_id=twin, key=key, recorded=recorded),)


def act_status(state: ActState, found: Judged, now: float) -> OwnerActStatus:
    """The whole status of an OwnerAct at `now` (Unix seconds)."""
    generation = state.identity.generation
    if isinstance(state.spec, SpecProblem):
        invalid = (Said("Accepted", "False", "SpecInvalid", state.spec.message),)
        return OwnerActStatus(observed_generation=generation, conditions=_conditions(state, invalid, now))
    act = state.spec.act
    typ = token.type_of(act)
    digest = digest_bytes(act.encode())
    if isinstance(found, Refusal):
        said: tuple[Said, ...] = (Said("Accepted", "False", found.reason, found.message),)
        at = None
    else:
        recorded = Said("Accepted", "True", "Recorded", "recorded; deleting this object undoes nothing")
        said, at = (recorded, *vaulted(state)), rfc3339(_accepted_at(state, digest, now))
    receipt = state.vault.heard.receipt if state.vault and state.vault.heard else None
    return OwnerActStatus(
        observed_generation=generation,
        conditions=_conditions(state, said, now),
        type=None if isinstance(typ, Refusal) else typ[:64],
        digest=digest,
        accepted_at=at,
        says=in_words(found)[:1024] if found is not None and not isinstance(found, Refusal) else state.status.says,
        receipt_digest=None if receipt is None else digest_bytes(receipt.encode()),
    )


def act_look(status: OwnerActStatus) -> float | None:
    """Seconds until an act is looked at again; None when only a change can change anything."""
    accepted = find(status.conditions, "Accepted")
    waits = accepted is None or (accepted.status == "False" and accepted.reason in LAPSING)
    return TWIN_SECONDS if waits else None


def act_event(_was: Condition | None, condition: Condition) -> EventType | None:
    """The type of Event a changed condition of an OwnerAct is worth, if any."""
    if condition.type == "Vaulted" and condition.reason == NOT_TOLD:
        return None
    return "Normal" if condition.status == "True" else "Warning"


def in_words(act: Act | KeyRecord | StatusList) -> str:
    """An act as one sentence."""
    match act:
        case StatusList(iat=iat, until=until):
            return f"Status list of {rfc3339(iat)}; it counts until {rfc3339(until)}."
        case Revocation(jti=jti, reason=reason):
            return f"License {jti} is revoked for good{_because(reason)}."
        case Stop(reason=reason):
            return f"All licenses and all training of the twin are stopped{_because(reason)}."
        case Resume():
            return "A stop of the twin is lifted."
        case ConsentAnswer(license=jti, answer=answer, request=request):
            return f"{'Approves' if answer == 'approve' else 'Denies'} what request {request[:16]} lists, under {jti}."
        case Export(recipient=recipient):
            return f"The twin is exported to {recipient}."
        case Erase(reason=reason):
            return f"The twin's key is destroyed{_because(reason)}."
        case KeyRecord(act="rotate", number=number):
            return f"Key record {number}: the root key changes."
        case KeyRecord(act=what, role=role, number=number):
            return f"Key record {number}: {what}s role {role}."
        case _:
            return "The capture was recorded with consent."


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def judged(state: ActState, now: float) -> Judged:
    """What is to become of a delivered act at `now` (Unix seconds)."""
    if isinstance(state.spec, SpecProblem):
        return Refusal(reason="SpecInvalid", message=state.spec.message)
    if state.twin is None:
        name = state.spec.twin_ref.name
        return Refusal(reason="TwinNotFound", message=f"twinRef: no TwinModel {name} in this namespace; create it")
    if state.listed.recorded_at is not None or digest_bytes(state.spec.act.encode()) in state.twin.word.taken:
        return None
    ring = read_keyring(state.twin.genesis, state.twin.word.key_records)
    if isinstance(ring, Refusal):
        return Refusal(reason="TwinNotValid", message="twinRef: the twin's genesis or key records do not hold")
    if token.type_of(state.spec.act) == STATUS_LIST_TYPE:
        return read_status_list(state.spec.act, ring, now, state.listed.newest)
    return _in_place(read_act(state.spec.act, ring, now), ring, state)


def _in_place(found: Act | KeyRecord | Refusal, ring: Keyring, state: ActState) -> Act | KeyRecord | Refusal:
    """A resume lifts a stop that stands here, and no other."""
    stops = state.twin.word.stops if state.twin else {}
    if isinstance(found, Resume) and found.stop not in stops:
        return Refusal(
            reason="NothingToLift",
            message=f"act: no stop {found.stop[:16]} stands for twin {ring.twin_id[:16]}; deliver the stop first",
        )
    return found


def _accepted_at(state: ActState, digest: str, now: float) -> float:
    taken = state.twin.word.taken.get(digest) if state.twin else None
    return taken or state.listed.recorded_at or now


def _conditions(state: ActState, said: tuple[Said, ...], now: float) -> tuple[Condition, ...]:
    return merged(state.status.conditions, (*said, *_progress(said)), state.identity.generation, now)


def _progress(said: tuple[Said, ...]) -> tuple[Said, ...]:
    """For kstatus: an act is done once it is recorded and, where there is a vault, the vault has it."""
    short = next((one for one in said if one.status == "False"), None)
    if short is None:
        return ()
    passes = short.reason in PASSING
    return ((reconciling if passes else stalled)(short.reason, short.message),)
