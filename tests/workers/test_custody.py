import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from understudy_api import token
from understudy_api.release import RenderingClaim
from understudy_api.verdict import Refusal
from understudy_workers.custody import Custody
from understudy_workers.sealing import Seal
from understudy_workers.vault import Release, VaultClient, VaultOutageError
from understudy_workers.work import Permit, permit_of

BEAT = 0.02


class Vault:
    """Releases a key for everything it is asked, and notes what it hears."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left: list[str] = []
        self.gone: frozenset[str] = frozenset()
        self.away = False
        self.refusal: Refusal | None = None
        self.lease_seconds = 60.0
        self.beats = threading.Semaphore(0)

    def ask(self, claim: Any) -> Release | Refusal:
        if self.away:
            raise VaultOutageError("away")
        if self.refusal:
            return self.refusal
        twin = claim.making.twin.id if isinstance(claim, RenderingClaim) else claim.order.twin_id
        self.asked.append(twin)
        return Release(twin, bytes(32), f"lease-{twin[:4]}", self.lease_seconds, time.monotonic())

    def beat(self, leases: tuple[str, ...], *, leaving: bool = False) -> frozenset[str]:
        if self.away:
            self.beats.release()
            raise VaultOutageError("away")
        if leaving:
            self.left += leases
        self.beats.release()
        return self.gone

    def close(self) -> None:
        pass


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def left() -> threading.Event:
    return threading.Event()


@pytest.fixture
def custody(vault: Vault, left: threading.Event) -> Iterator[Custody]:
    custody = Custody(vault, kept=2, leave=left.set, beat_seconds=BEAT)
    yield custody
    custody.close()


@pytest.fixture
def permit_for(signers: Any) -> Callable[..., Permit]:
    def permit_for(twin: str, jti: str = "acme-spring-1") -> Permit:
        permit = permit_of(signers.order(license=signers.license(jti=jti)))
        pin = permit.twin.model_copy(update={"id": twin * 64})
        return replace(permit, twin=pin, making=permit.making.model_copy(update={"twin": pin}))

    return permit_for


def test_a_key_is_asked_for_once_a_license(custody: Custody, vault: Vault, permit_for: Any) -> None:
    first = custody.seal(permit_for("a"))
    assert isinstance(first, Seal)
    assert custody.seal(permit_for("a")) is first
    assert len(vault.asked) == 1
    assert custody.seal(permit_for("a", "acme-summer-1")) is first
    assert len(vault.asked) == 2
    assert len(custody.seal(permit_for("a", "acme-summer-1")).twin) == 64
    assert len(vault.asked) == 2


def test_a_refusal_is_a_value_and_nothing_is_kept(custody: Custody, vault: Vault, permit_for: Any) -> None:
    vault.refusal = Refusal(reason="TwinErased", message="gone")
    assert custody.seal(permit_for("a")) == vault.refusal
    vault.refusal = None
    assert isinstance(custody.seal(permit_for("a")), Seal)


def test_an_outage_is_no_refusal(custody: Custody, vault: Vault, permit_for: Any) -> None:
    vault.away = True
    with pytest.raises(VaultOutageError):
        custody.seal(permit_for("a"))
    vault.away = False


def test_the_least_recently_used_key_goes_and_whoever_opened_something_with_it_hears(
    custody: Custody, vault: Vault, permit_for: Any
) -> None:
    forgotten: list[str] = []
    custody.follow(forgotten.append)
    for twin in ("a", "b", "a", "c"):
        custody.seal(permit_for(twin))
    assert forgotten == ["b" * 64]
    assert vault.left == ["lease-bbbb"]
    custody.seal(permit_for("b"))
    assert forgotten == ["b" * 64, "a" * 64]


def test_an_erased_twin_ends_the_process_which_says_so_first(
    custody: Custody, vault: Vault, left: threading.Event, permit_for: Any
) -> None:
    custody.seal(permit_for("a"))
    custody.seal(permit_for("b"))
    vault.gone = frozenset({"a" * 64})
    assert left.wait(10)
    assert {"lease-aaaa", "lease-bbbb"} <= set(vault.left)


def test_another_twins_end_is_no_concern(
    custody: Custody, vault: Vault, left: threading.Event, permit_for: Any
) -> None:
    custody.seal(permit_for("a"))
    vault.gone = frozenset({"f" * 64})
    for _ in range(3):
        assert vault.beats.acquire(timeout=10)
    assert not left.is_set()


def test_a_vault_that_is_not_heard_ends_the_process_when_the_lease_does(
    custody: Custody, vault: Vault, left: threading.Event, permit_for: Any
) -> None:
    vault.lease_seconds = 0.3
    custody.seal(permit_for("a"))
    for _ in range(3):
        assert vault.beats.acquire(timeout=10)
    assert not left.is_set()
    vault.away = True
    assert left.wait(10)
    vault.away = False


def test_closing_gives_every_lease_back(vault: Vault, permit_for: Any) -> None:
    custody = Custody(vault, beat_seconds=BEAT)
    custody.seal(permit_for("a"))
    custody.seal(permit_for("b"))
    custody.close()
    assert sorted(vault.left) == ["lease-aaaa", "lease-bbbb"]


@pytest.fixture
def told(signers: Any) -> Any:
    """Signers whose grants name one performer, and that performer's key."""
    key = token.new_key()
    return replace(signers, performers=[token.thumbprint(key)]), key


def test_the_real_vault_gives_the_key_over_https(open_strongbox: Any, told: Any) -> None:
    signers, key = told
    permit, clock = permit_of(signers.order()), lambda: signers.now + 1.0
    with open_strongbox(signers.farm, clock) as strongbox:
        seal = strongbox.seal(signers.genesis)
        custody = Custody(VaultClient(strongbox.endpoint, key, clock), beat_seconds=BEAT)
        found = custody.seal(permit)
        assert isinstance(found, Seal)
        sealed = seal.close(b"likeness", permit.twin.version, "1" * 64)
        assert found.open(sealed, permit.twin.version, "1" * 64) == b"likeness"
        custody.close()
        stranger = VaultClient(strongbox.endpoint, token.new_key(), clock)
        refusal = Custody(stranger).seal(permit)
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "PerformerNotNamed"
        stranger.close()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda box, tmp: box.endpoint.token_file.write_text("nobody"), "HTTP 401"),
        (lambda box, tmp: box.endpoint.token_file.unlink(), "`understudy up` writes it"),
        (lambda box, tmp: (box.endpoint.token_file.parent / "keys").rename(tmp / "moved"), "NoKey"),
    ],
    ids=["a token of somebody else", "no token", "no key"],
)
def test_what_the_farm_got_wrong_is_an_outage_and_rejects_nobodys_item(
    open_strongbox: Any, told: Any, tmp_path: Any, harm: Any, complaint: str
) -> None:
    signers, key = told
    clock = lambda: signers.now + 1.0  # noqa: E731
    with open_strongbox(signers.farm, clock) as strongbox:
        strongbox.seal(signers.genesis)
        harm(strongbox, tmp_path)
        client = VaultClient(strongbox.endpoint, key, clock)
        with pytest.raises(VaultOutageError, match=complaint) as caught:
            Custody(client).seal(permit_of(signers.order()))
        assert "\n" not in str(caught.value)
        client.close()


def test_clocks_that_differ_are_an_outage_that_says_so(open_strongbox: Any, told: Any) -> None:
    signers, key = told
    with open_strongbox(signers.farm, lambda: signers.now + 3600.0) as strongbox:
        strongbox.seal(signers.genesis)
        client = VaultClient(strongbox.endpoint, key, lambda: float(signers.now))
        with pytest.raises(VaultOutageError, match="check both clocks"):
            Custody(client).seal(permit_of(signers.order()))
        client.close()


def test_a_vault_that_is_not_there(open_strongbox: Any, told: Any) -> None:
    signers, key = told
    with open_strongbox(signers.farm, time.time) as strongbox:
        endpoint = strongbox.endpoint
    client = VaultClient(endpoint, key)
    with pytest.raises(VaultOutageError, match="does not answer"):
        Custody(client).seal(permit_of(signers.order()))
    client.close()
