"""kubectl as a value: what it prints and how it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from kubectl_site import stand_in

from understudy_cli import kubectl
from understudy_cli.errors import UserError


def test_reviews_come_back_one_by_one(tmp_path: Path) -> None:
    asked = stand_in(tmp_path, """cat >/dev/null; printf '{"a": 1}\\n{\\n "b": {"c": 2}}\\n'""")
    assert asked.ask([{}, {}]) == [{"a": 1}, {"b": {"c": 2}}]


def test_what_the_server_said_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^kubectl get: Error: not found$"):
        stand_in(tmp_path, "printf 'Error:\\n not found\\n' >&2; exit 1").raw("/version")


def test_its_own_log_is_left_out(tmp_path: Path) -> None:
    log = 'E1129 00:24:35.356141   13254 memcache.go:265] "Unhandled Error" err="connection refused"'
    with pytest.raises(UserError, match=r"^kubectl get: The connection was refused$"):
        stand_in(tmp_path, f"echo '{log}' >&2; echo 'The connection was refused' >&2; exit 1").raw("/version")


def test_a_server_that_never_answers_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(UserError, match=r"kubectl get: no answer within 0.1 s; check .*/config and the network"):
        stand_in(tmp_path, "exec tail -f /dev/null").raw("/version")


def test_what_is_created_goes_as_one_list_and_comes_back(tmp_path: Path) -> None:
    made = stand_in(tmp_path, f"""echo "$@" >{tmp_path}/words; cat >{tmp_path}/given; printf '{{"a": 1}}\\n'""")
    assert made.create([{"kind": "A"}, {"kind": "B"}]) == [{"a": 1}]
    assert json.loads((tmp_path / "given").read_text()) == {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"kind": "A"}, {"kind": "B"}],
    }
    assert "--as" not in (tmp_path / "words").read_text()


def test_another_user_is_named_before_what_is_asked(tmp_path: Path) -> None:
    words = tmp_path / "words"
    other = replace(stand_in(tmp_path, f'echo "$@" >{words}; cat >/dev/null'), user="system:serviceaccount:a:b")
    other.replace_status([{"kind": "A"}])
    assert "--as=system:serviceaccount:a:b replace --subresource=status -f -" in words.read_text()
