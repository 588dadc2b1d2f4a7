"""Keys, delegations, rotations and their files."""

import json
from pathlib import Path

import pytest
from owner_site import Desk, opened

from understudy_api import token
from understudy_api.acts import Stop, read_act
from understudy_cli.errors import UserError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return opened(tmp_path)


def thumb(desk: Desk, name: str) -> str:
    return token.thumbprint(token.load_key((desk / name).read_text()))


def test_every_file_is_private_and_no_secret_is_printed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    said = desk.run("keys new root.jwk --role license --role recovery")
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["root-license.jwk", "root-recovery.jwk", "root-stop-order.jws", "root.jwk"]
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        if path.suffix == ".jwk":
            assert json.loads(path.read_text())["d"] not in said + desk.run(f"keys show {path.name}")
    assert "Without a recovery key" not in said
    assert "Without a recovery key" in desk.run("keys new other.jwk")


def test_an_unknown_role_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="wanted one of license, consent, stop, recovery"):
        Desk(tmp_path).run("keys new root.jwk --role king")
    assert not list(tmp_path.iterdir())


def test_the_offline_stop_order_stops_without_a_key(desk: Desk) -> None:
    (manifest,) = desk.save("twin stop --order root-stop-order.jws", "stop.yaml", twin=desk / "twin.yaml")
    assert manifest["kind"] == "OwnerAct"
    assert isinstance(read_act(manifest["spec"]["act"], desk.ring(), 2e9), Stop)
    with pytest.raises(UserError, match="may not sign"):
        desk.run("twin stop --order next-stop-order.jws", twin=desk / "twin.yaml")


def test_delegate_then_withdraw(desk: Desk) -> None:
    twin = desk / "twin.yaml"
    (manifest,) = desk.save(
        "keys delegate --key root.jwk --role stop --to root-stop.jwk --until 2090-01-01", "r1.yaml", twin=twin
    )
    assert manifest["metadata"]["namespace"] == "talent-ada"
    assert manifest["metadata"]["name"].startswith("ada-keys-")
    ring = desk.ring("r1.yaml")
    assert ring.delegations[0].role == "stop"
    assert ring.delegations[0].exp == 3_786_912_000
    shown = desk.run("keys show root-stop.jwk --records r1.yaml", twin=twin)
    assert "may sign   stop until 2090-01-01" in shown
    desk.save("keys withdraw --key root.jwk --role stop --from root-stop.jwk --records r1.yaml", "r2.yaml", twin=twin)
    assert desk.ring("r1.yaml", "r2.yaml").delegations == ()
    both = f"--records {'r2.yaml'} --records r1.yaml"
    assert "nothing for this twin after 2" in desk.run(f"keys show root-stop.jwk {both}", twin=twin)


def test_records_are_read_from_a_folder_too(desk: Desk) -> None:
    acts = desk / "acts"
    acts.mkdir()
    desk.save("keys delegate --key root.jwk --role stop --to root-stop.jwk", "acts/b.yaml", twin=desk / "twin.yaml")
    desk.save(
        "keys delegate --key root.jwk --role consent --to root-consent.jwk", "acts/a.yaml",
        twin=desk / "twin.yaml", records=acts,
    )  # fmt: skip
    shown = desk.run("keys show root.jwk", twin=desk / "twin.yaml", records=acts)
    assert "everything: it is the root key after 2 key records" in shown


def test_rotation_hands_over(desk: Desk) -> None:
    desk.save("keys rotate --key root.jwk --to next.jwk", "r1.yaml", twin=desk / "twin.yaml")
    ring = desk.ring("r1.yaml")
    assert token.thumbprint(ring.root) == thumb(desk, "next.jwk")
    with pytest.raises(UserError, match="signed with"):
        desk.run("keys rotate --key root.jwk --to root-stop.jwk --records r1.yaml", twin=desk / "twin.yaml")
    with pytest.raises(UserError, match="root already"):
        desk.run("keys rotate --key next.jwk --to next.jwk --records r1.yaml", twin=desk / "twin.yaml")


def test_rotation_may_keep_old_licenses_for_a_while(desk: Desk) -> None:
    made = desk.save(
        "keys rotate --key root.jwk --to next.jwk --keep-licenses-until 2090-01-01", "r.yaml", twin=desk / "twin.yaml"
    )
    assert len(made) == 2
    ring = desk.ring("r.yaml")
    assert ring.ends("license", thumb(desk, "root.jwk")) == 3_786_912_000


def test_recovery_replaces_the_root(desk: Desk) -> None:
    desk.save("keys rotate --key root-recovery.jwk --to next.jwk", "r1.yaml", twin=desk / "twin.yaml")
    assert token.thumbprint(desk.ring("r1.yaml").root) == thumb(desk, "next.jwk")
    assert "the replacement of the root key" in desk.run("keys show root-recovery.jwk", twin=desk / "twin.yaml")
    with pytest.raises(UserError, match="not after a recovery"):
        desk.run(
            "keys rotate --key root-recovery.jwk --to next.jwk --keep-licenses-until 2090-01-01",
            twin=desk / "twin.yaml",
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("keys delegate --key root.jwk --role king --to next.jwk", "role"),
        ("keys delegate --key root-stop.jwk --role stop --to next.jwk", "wanted the present root"),
        ("keys delegate --key root.jwk --role stop --to next.jwk --until 2001-01-01", "exp"),
        ("keys withdraw --key root.jwk --role stop --from next.jwk", "holds no role stop"),
        ("keys delegate --key root.jwk --role stop --to nothing.jwk", "cannot read"),
    ],
)
def test_what_does_not_follow_is_said_in_one_line(desk: Desk, words: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        desk.run(words, twin=desk / "twin.yaml")
    assert "\n" not in str(caught.value)


def test_broken_records_name_their_file(desk: Desk) -> None:
    (desk / "bad.yaml").write_text("kind: [")
    with pytest.raises(UserError, match=r"bad\.yaml"):
        desk.run("keys show root.jwk --records bad.yaml", twin=desk / "twin.yaml")
    desk.save("keys delegate --key root.jwk --role stop --to root-stop.jwk", "r1.yaml", twin=desk / "twin.yaml")
    (desk / "r1.yaml").write_text((desk / "r1.yaml").read_text().replace("act: ey", "act: fy"))
    assert "root key" in desk.run("keys show root.jwk --records r1.yaml", twin=desk / "twin.yaml")
