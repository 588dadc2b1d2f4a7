"""How performers and trainers ask the vault for a twin's data key, and stay in touch while they hold it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx
import tink
from joserfc.jwk import OKPKey
from pydantic import ValidationError
from tink import hybrid, proto_keyset_format

from understudy_api import token
from understudy_api.genesis import PublicKey
from understudy_api.model import Model
from understudy_api.release import (
    Asking,
    Heartbeat,
    Pulse,
    Question,
    Released,
    RenderingClaim,
    TrainingClaim,
    claim_digest,
    context,
    decode,
    encode,
    sign_question,
)
from understudy_api.settings import VaultEndpoint
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.objects import OutageError

_TIMEOUT_SECONDS: Final = 10.0
_TEMPLATE: Final = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM_RAW
FARMS_OWN_FAULT: Final = frozenset(
    {"BadRecipient", "CallerNotOfPool", "ClaimMismatch", "MalformedQuestion", "NoKey", "NotFresh"}
)
"""Refusals that speak of how the farm is set up, not of anybody's rights: nobody's item is rejected for them."""
M = TypeVar("M", bound=Model)

hybrid.register()


class VaultOutageError(OutageError):
    """The vault does not answer, or cannot: nothing is wrong with what was asked, so it is asked again later."""


@dataclass(frozen=True)
class Release:
    """A data key, and the lease it is held on; `asked_at` is in seconds of a clock that only grows."""

    twin: str
    data_key: bytes = field(repr=False)
    lease: str = field(repr=False)
    lease_seconds: float
    asked_at: float


class VaultClient:
    """One performer's way to the vault. Safe to use from several threads.

    `identity` is the performer's own key, made when its process starts and never written down: grants name it.
    """

    def __init__(self, endpoint: VaultEndpoint, identity: OKPKey, clock: Callable[[], float] = time.time) -> None:
        self._endpoint = endpoint
        self._identity = identity
        self._clock = clock
        authority = str(endpoint.ca_file) if endpoint.ca_file else None
        self._http = httpx.Client(
            base_url=endpoint.url,
            verify=ssl.create_default_context(cafile=authority),
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def close(self) -> None:
        """Lets connections go."""
        self._http.close()

    def ask(self, claim: RenderingClaim | TrainingClaim) -> Release | Refusal:
        """The twin's data key, or why the vault does not give it. Raises VaultOutageError."""
        asked_at = time.monotonic()
        private = tink.new_keyset_handle(_TEMPLATE)  # for this one question
        question = self._question(
            claim, encode(proto_keyset_format.serialize_without_secret(private.public_keyset_handle()))
        )
        answer = self._send("/v1/release", Asking(question=question, claim=claim))
        if answer.status_code == httpx.codes.FORBIDDEN:
            refusal = _read(Verdict, answer).refusals[0]
            if refusal.reason in FARMS_OWN_FAULT:
                raise self._outage(f"{refusal.reason}: {refusal.message}")
            return refusal
        released = _read(Released, answer)
        try:
            key = private.primitive(hybrid.HybridDecrypt).decrypt(decode(released.sealed_key), context(question))
        except (tink.TinkError, ValueError) as error:
            raise self._outage("its answer does not open with the key it was asked with") from error
        return Release(released.twin, key, released.lease or "", float(released.lease_seconds), asked_at)

    def beat(self, leases: Iterable[str], *, leaving: bool = False) -> frozenset[str]:
        """Says that these leases are held, or are held no longer; the twins that are erased. Raises VaultOutageError."""
        answer = self._send("/v1/leases", Heartbeat(leases=tuple(leases), leaving=leaving))
        return frozenset(_read(Pulse, answer).gone)

    def _question(self, claim: RenderingClaim | TrainingClaim, recipient: str) -> str:
        question = Question(
            iat=int(self._clock()),
            key=PublicKey.model_validate(token.public_jwk(self._identity)),
            recipient=recipient,
            claim=claim_digest(claim),
        )
        return sign_question(self._identity, question)

    def _send(self, path: str, body: Model) -> httpx.Response:
        try:
            headers = {
                "Authorization": f"Bearer {self._endpoint.token_file.read_text().strip()}",
                "Content-Type": "application/json",
            }
            answer = self._http.post(path, content=body.model_dump_json(), headers=headers)
        except OSError as error:
            raise VaultOutageError(
                f"{self._endpoint.token_file}: {error.strerror}; `understudy up` writes it"
            ) from error
        except httpx.HTTPError as error:
            raise self._outage(f"does not answer ({error or type(error).__name__})") from error
        if answer.status_code not in (httpx.codes.OK, httpx.codes.FORBIDDEN):
            raise self._outage(f"{path}: HTTP {answer.status_code} {_said(answer)}")
        return answer

    def _outage(self, what: str) -> VaultOutageError:
        return VaultOutageError(f"vault: {self._endpoint.url}: {what}; see that it runs and knows this pool's account")


def _read(kind: type[M], answer: httpx.Response) -> M:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise VaultOutageError(f"vault: {answer.url}: unreadable answer; do vault and pool run one release?") from error


def _said(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
        return str(body.get("error") or body.get("message") or "")[:200]
    except (ValueError, AttributeError):
        return ""
