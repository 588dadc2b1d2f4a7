"""Keys kept elsewhere: a command signs, and what it answers is checked."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from owner_site import FARM, Desk, opened

from understudy_api import token
from understudy_api.terms import License, read_license
from understudy_cli.errors import UserError
from understudy_cli.signing import CommandSigner, thumbprint_of

SIGNER = """
import base64, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
seed = json.load(open(sys.argv[1]))["d"]
key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "=" * (-len(seed) % 4)))
print(base64.urlsafe_b64encode(key.sign(sys.stdin.buffer.read())).decode())
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = opened(tmp_path)
    (desk / "kms.py").write_text(SIGNER)
    (desk / "public.jwk").write_text(json.dumps(token.public_jwk(token.load_key((desk / "root.jwk").read_text()))))
    return desk


def command(*words: object) -> str:
    return shlex.join([sys.executable, *map(str, words)])


def test_a_command_signs_licenses_and_acts(desk: Desk) -> None:
    desk.run("license new terms.yaml")
    kms = {"key": desk / "public.jwk", "signer": command(desk / "kms.py", desk / "root.jwk")}
    twin = desk / "twin.yaml"
    (manifest,) = desk.save("license sign terms.yaml", "license.yaml", twin=twin, farm=FARM, **kms)
    assert isinstance(read_license(manifest["spec"]["token"], desk.ring()), License)
    for words in ("license revoke license.yaml", "twin stop", "keys delegate --role stop --to root-stop.jwk"):
        assert desk.save(words, "act.yaml", twin=twin, **kms)[0]["kind"] == "OwnerAct"


def test_without_the_command_a_public_key_signs_nothing(desk: Desk) -> None:
    with pytest.raises(UserError, match="needs the private one"):
        desk.run("twin stop", twin=desk / "twin.yaml", key=desk / "public.jwk")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('card not inserted')", "card not inserted"),
        ("import sys; sys.exit(3)", "exit code 3: it said nothing"),
        ("print('not a signature')", "wanted 64 bytes"),
        ("print('A' * 86)", "does not verify"),
        ("print('é')", "wanted 64 bytes"),
    ],
)
def test_a_signer_that_fails_is_one_line(desk: Desk, script: str, said: str) -> None:
    (desk / "bad.py").write_text(script)
    with pytest.raises(UserError, match=said) as caught:
        desk.run("twin stop", twin=desk / "twin.yaml", key=desk / "public.jwk", signer=command(desk / "bad.py"))
    assert "\n" not in str(caught.value)


def test_a_missing_command_is_one_line() -> None:
    with pytest.raises(UserError, match="no-such-signer"):
        CommandSigner(token.new_key(), ("no-such-signer",)).signature(b"x")


def test_an_empty_command_is_refused(desk: Desk) -> None:
    with pytest.raises(UserError, match="wanted a command"):
        desk.run("twin stop", twin=desk / "twin.yaml", key=desk / "public.jwk", signer=" ")


def test_a_farm_is_named_by_its_thumbprint_or_by_the_file_of_its_key(desk: Desk) -> None:
    assert thumbprint_of(FARM) == FARM
    key = token.load_key((desk / "public.jwk").read_text())
    assert thumbprint_of(str(desk / "public.jwk")) == token.thumbprint(key)


@pytest.mark.parametrize("given", ["", "a" * 42, "a" * 42 + "!", "no-such-file.jwk"])
def test_neither_is_one_line(given: str) -> None:
    with pytest.raises(UserError, match="wanted the thumbprint of the farm's key, 43 characters"):
        thumbprint_of(given)
