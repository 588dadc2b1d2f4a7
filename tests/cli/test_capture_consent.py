"""An owner's way to consent: a passcode from a real vault, a signature over the film, a TwinModel that carries it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from owner_site import Desk, opened, run

from understudy_api import token
from understudy_api.acts import CaptureConsent
from understudy_api.capture_consent import read_capture_consent
from understudy_api.digest import digest_bytes
from understudy_api.passcode import passcode_refusal
from understudy_cli import capture, consent
from understudy_cli.errors import UserError
from understudy_cli.local.certificates import Authority
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.rules import Bench
from understudy_vault.server import Server
from understudy_vault.vault import Vault

SECRET = bytes(range(32))


class Shelf(dict[str, bytes]):
    """A bucket in memory."""

    def create(self, key: str, data: bytes) -> bool:
        return self.setdefault(key, data) is data

    def keys(self, prefix: str = "", after: str = "") -> list[str]:  # type: ignore[override]
        return sorted(key for key in self if key.startswith(prefix) and key > after)


class Nobody:
    """Owners need no account."""

    def user(self, token: str) -> str:
        raise AssertionError(f"asked about {token}")


@dataclass(frozen=True)
class Served:
    """Where a vault answers."""

    url: str
    authority: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault(
        bench=Bench(token.new_key(), {}, SECRET),
        keys=EmbeddedKeys(folder / "keys"),
        shelf=Shelf(),
        callers=Nobody(),
        signing_key=token.new_key(),
        clock=time.time,
        steady_clock=time.monotonic,
    )
    pair = Authority.open(folder / "pki", "test farm").server(folder / "pki", "vault")
    server = Server(vault, "127.0.0.1", 0, pair.certificate, pair.key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Served(f"https://127.0.0.1:{server.server_port}", folder / "pki" / "ca.crt")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = opened(tmp_path)
    (desk / "ada.mp4").write_bytes(b"a film")
    return desk


def ask(desk: Desk, served: Served, key: str, *more: Any) -> str:
    where = ("--vault", served.url, "--ca", served.authority)
    return run(capture.app, "passcode", "--twin", desk / "twin.yaml", "--key", desk / key, *where, *more).strip()


def sign(desk: Desk, key: str, passcode: str, *more: Any, witness: str = "A. Witness") -> dict[str, Any]:
    words = ("--twin", desk / "twin.yaml", "--key", desk / key, "--passcode", passcode, "--witness", witness)
    found = yaml.safe_load(run(consent.app, "capture", desk / "ada.mp4", *words, *more))
    assert isinstance(found, dict)
    return found


def test_an_owner_asks_says_signs_and_applies(desk: Desk, served: Served) -> None:
    given = ask(desk, served, "root.jwk")
    manifest = sign(desk, "root.jwk", given)
    before = yaml.safe_load((desk / "twin.yaml").read_text())
    consented = manifest["spec"].pop("captureConsent")
    assert manifest == before, "nothing else changed"
    act = read_capture_consent(consented, desk.ring(), time.time())
    assert isinstance(act, CaptureConsent)
    assert (act.capture_sha256, act.witness) == (digest_bytes(b"a film"), "A. Witness")
    assert passcode_refusal(SECRET, act.twin, act.passcode, act.iat) is None


def test_a_consent_key_does_it_all_once_its_record_is_given(desk: Desk, served: Served) -> None:
    with pytest.raises(UserError, match=r"the vault refuses.*may not sign for role consent"):
        ask(desk, served, "root-consent.jwk")
    words = "keys delegate --key root.jwk --role consent --to root-consent.jwk --twin twin.yaml"
    desk.save(words, "records.yaml")
    records = ("--records", desk / "records.yaml")
    manifest = sign(desk, "root-consent.jwk", ask(desk, served, "root-consent.jwk", *records), *records)
    ring = desk.ring("records.yaml")
    assert isinstance(read_capture_consent(manifest["spec"]["captureConsent"], ring, time.time()), CaptureConsent)
    with pytest.raises(UserError, match=r"may not sign for role consent.*--records"):
        sign(desk, "root-consent.jwk", "00Z5-K2QH-7T3M-9WXC")


def test_what_would_not_hold_is_not_signed(desk: Desk) -> None:
    with pytest.raises(UserError, match="passcode: String should have at least 6"):
        sign(desk, "root.jwk", "short")
    with pytest.raises(UserError, match="it names no witness"):
        sign(desk, "root.jwk", "00Z5-K2QH-7T3M-9WXC", witness="  ")
    (desk / "ada.mp4").unlink()
    with pytest.raises(UserError, match="cannot read the capture"):
        sign(desk, "root.jwk", "00Z5-K2QH-7T3M-9WXC")


def test_a_vault_that_nobody_vouches_for_is_not_asked(desk: Desk, served: Served, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--vault needs --ca"):
        run(capture.app, "passcode", "--twin", desk / "twin.yaml", "--key", desk / "root.jwk", "--vault", served.url)
    other = Authority.open(tmp_path / "other", "another farm")
    where = ("--vault", served.url, "--ca", other.certificate_file)
    with pytest.raises((UserError, ssl.SSLError), match="does not answer"):
        run(capture.app, "passcode", "--twin", desk / "twin.yaml", "--key", desk / "root.jwk", *where)
