"""`understudy license status`: what it signs is what a farm believes, and it never signs a step back."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from owner_site import Desk, opened

from understudy_api.status_list import StatusClaims, StatusList, pack, read_status_list, sign_status_list
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.files import read_key

FIRST = {"ttl_seconds": 300, "size": 64, "revoked": [3], "suspended": [5, 6]}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = opened(tmp_path)
    made.save("keys delegate --key root.jwk --role stop --to root-stop.jwk --twin twin.yaml", "record.yaml")
    write(made, "list.yaml", FIRST)
    return made


def write(desk: Desk, name: str, statuses: object) -> None:
    (desk / name).write_text(yaml.safe_dump(statuses))


def publish(desk: Desk, name: str = "list.yaml", words: str = "", **options: object) -> list[dict[str, Any]]:
    text = desk.run(
        f"license status {name} --key root-stop.jwk --twin twin.yaml --records record.yaml {words}", **options
    )
    return list(yaml.safe_load_all(text))


def believed(desk: Desk, text: str) -> StatusList:
    found = read_status_list(text, desk.ring("record.yaml"), time.time())
    assert isinstance(found, StatusList), found
    return found


def test_it_prints_an_act_that_a_farm_believes(desk: Desk) -> None:
    (act,) = publish(desk)
    assert (act["kind"], act["metadata"]["namespace"]) == ("OwnerAct", "talent-ada")
    assert act["metadata"]["name"].startswith("ada-status-")
    found = believed(desk, act["spec"]["act"])
    assert {index: found.status(index) for index in (0, 3, 5, 6, 63, 64)} == {
        0: "valid", 3: "revoked", 5: "suspended", 6: "suspended", 63: "valid", 64: None,
    }  # fmt: skip
    assert found.ttl_seconds == 300


def test_a_hosted_file_is_the_bare_token_and_its_own_predecessor(desk: Desk) -> None:
    hosted = desk / "ada.jwt"
    assert publish(desk, to=hosted) == []
    first = hosted.read_text().strip()
    assert believed(desk, first).status(3) == "revoked"
    write(desk, "list.yaml", {**FIRST, "revoked": []})
    with pytest.raises(UserError, match="index 3 was revoked and is no longer"):
        publish(desk, to=hosted)
    assert hosted.read_text().strip() == first, "what is hosted stays as it was"
    assert [path.name for path in desk.folder.glob(".ada*")] == []


@pytest.fixture
def ancient(desk: Desk) -> str:
    """A list of an hour ago, long stale."""
    claims = {
        "sub": desk.ring().twin_id, "iat": int(time.time()) - 3600, "ttl": 60, "status_list": pack({3: "revoked"}, 64),
    }  # fmt: skip
    return sign_status_list(read_key(desk / "root.jwk"), StatusClaims.model_validate(claims))


@pytest.mark.parametrize("as_act", [False, True])
def test_the_list_before_may_be_old_and_in_an_act(desk: Desk, ancient: str, as_act: bool) -> None:
    (desk / "before.txt").write_text(yaml.safe_dump({"spec": {"act": ancient}}) if as_act else ancient + "\n")
    publish(desk, previous=desk / "before.txt")
    write(desk, "list.yaml", {**FIRST, "revoked": [], "suspended": [3]})
    with pytest.raises(UserError, match="index 3 was revoked"):
        publish(desk, previous=desk / "before.txt")


@pytest.mark.parametrize("text", ["nonsense", "spec: {}", "spec: [1]", "a.b.c"])
def test_a_list_before_that_is_none_is_said(desk: Desk, text: str) -> None:
    (desk / "before.txt").write_text(text)
    with pytest.raises(UserError, match=r"before\.txt"):
        publish(desk, previous=desk / "before.txt")


def test_a_clock_set_back_signs_nothing(desk: Desk) -> None:
    ahead = StatusClaims(sub=desk.ring().twin_id, iat=int(time.time()) + 30, ttl=60, status_list=pack({}, 64))
    (desk / "before.txt").write_text(sign_status_list(read_key(desk / "root.jwk"), ahead))
    with pytest.raises(UserError, match="never backwards"):
        publish(desk, previous=desk / "before.txt")


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ({**FIRST, "revoked": [64]}, "make size larger"),
        ({**FIRST, "revoked": [5]}, "index 5 is both"),
        ({**FIRST, "revoked": [-1]}, "revoked"),
        ({**FIRST, "ttl_seconds": 0}, "ttl_seconds"),
        ({"size": 8}, "ttl_seconds"),
        ({**FIRST, "vip": [1]}, "vip"),
        ([1, 2], "mapping"),
    ],
)
def test_what_does_not_fit_names_the_field(desk: Desk, statuses: object, words: str) -> None:
    write(desk, "list.yaml", statuses)
    with pytest.raises(UserError, match=words):
        publish(desk)


def test_only_the_stop_key_or_the_root_signs(desk: Desk) -> None:
    with pytest.raises(UserError, match="may not sign for role stop"):
        desk.run("license status list.yaml --key root-license.jwk --twin twin.yaml --records record.yaml")
    with pytest.raises(UserError, match="may not sign for role stop"):
        desk.run("license status list.yaml --key root-stop.jwk --twin twin.yaml")
    desk.run("license status list.yaml --key root.jwk --twin twin.yaml")


def test_a_list_too_large_for_an_act_is_hosted(desk: Desk) -> None:
    chosen = random.Random(7).sample(range(400_000), 20_000)
    write(desk, "list.yaml", {"ttl_seconds": 300, "size": 400_000, "revoked": chosen})
    with pytest.raises(UserError, match="host it with --to"):
        publish(desk)
    publish(desk, to=desk / "large.jwt")
    found = read_status_list((desk / "large.jwt").read_text().strip(), desk.ring("record.yaml"), time.time())
    assert not isinstance(found, Refusal)
    assert found.status(chosen[0]) == "revoked"
