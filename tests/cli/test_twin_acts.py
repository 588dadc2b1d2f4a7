"""Stops and resumes as files anyone may deliver."""

from pathlib import Path

import pytest
from owner_site import Desk, opened

from understudy_api.acts import Resume, Stop, read_act
from understudy_api.digest import digest_bytes
from understudy_cli.errors import UserError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return opened(tmp_path)


def test_stop_and_resume(desk: Desk) -> None:
    twin = desk / "twin.yaml"
    (stop,) = desk.save("twin stop --key root.jwk --reason unwell", "stop.yaml", twin=twin)
    found = read_act(stop["spec"]["act"], desk.ring(), 2e9)
    assert isinstance(found, Stop)
    assert (found.twin, found.reason) == (desk.ring().twin_id, "unwell")
    (lift,) = desk.save("twin resume stop.yaml --key root.jwk", "resume.yaml", twin=twin)
    again = read_act(lift["spec"]["act"], desk.ring(), 2e9)
    assert isinstance(again, Resume)
    assert again.stop == digest_bytes(stop["spec"]["act"].encode())
    assert lift["spec"]["twinRef"] == {"name": "ada"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("twin stop", "either --key or --order"),
        ("twin stop --key root.jwk --order root-stop-order.jws", "either --key or --order"),
        ("twin stop --key next.jwk", "may not sign"),
        ("twin stop --key root-stop.jwk", "may not sign"),
        ("twin stop --order twin.yaml", "twin.yaml: token"),
        ("twin resume twin.yaml --key root.jwk", "holds no stop"),
    ],
)
def test_what_stops_nothing_is_said_in_one_line(desk: Desk, words: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        desk.run(words, twin=desk / "twin.yaml")
    assert "\n" not in str(caught.value)


def test_the_stop_key_stops_once_it_is_delegated(desk: Desk) -> None:
    twin = desk / "twin.yaml"
    desk.save("keys delegate --key root.jwk --role stop --to root-stop.jwk", "r1.yaml", twin=twin)
    (stop,) = desk.save("twin stop --key root-stop.jwk --records r1.yaml", "stop.yaml", twin=twin)
    assert isinstance(read_act(stop["spec"]["act"], desk.ring("r1.yaml"), 2e9), Stop)
