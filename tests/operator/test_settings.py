"""The process's settings and its first minute: every mistake is one line with its cure."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from operator_site import Site

from understudy_cli.local.certificates import Authority
from understudy_operator.settings import OPERATOR_SETTINGS_VARIABLE, SettingsError, load_settings

Change = Callable[[dict[str, Any]], None]


def changed(site: Site, folder: Path, change: Change) -> Path:
    """A settings file that differs from the site's."""
    document = json.loads(site.settings_file.read_text())
    change(document)
    path = folder / "operator.json"
    path.write_text(json.dumps(document))
    return path


def test_good_settings_are_loaded(operator_site: Site) -> None:
    loaded = load_settings({OPERATOR_SETTINGS_VARIABLE: str(operator_site.settings_file)})
    assert loaded == operator_site.settings


MISTAKES: list[tuple[Change, str]] = [
    (lambda d: d.update(colour="red"), "colour"),
    (lambda d: d.pop("s3"), "s3"),
    (lambda d: d.update(metrics_port=0), "metrics_port"),
    (lambda d: d.update(farm_key_file="/nowhere/farm.jwk"), "farm_key_file: no such file: /nowhere/farm.jwk"),
    (lambda d: d.update(kubeconfig="/nowhere/kubeconfig"), "kubeconfig: no such file"),
    (lambda d: d.update(vault={"url": "https://vault", "ca_file": "/nowhere/ca"}), "vault.ca_file: no such file"),
    (lambda d: d["director"].update(token_file="/nowhere/token"), "director.token_file: no such file"),
    (lambda d: d["status_lists"].update(host="0.0.0.0"), "status_lists: Value error, host 0.0.0.0: beyond loopback"),
    (lambda d: d["status_lists"].update(tls_cert="/nowhere/crt", tls_key="/nowhere/key"), "tls_cert: no such file"),
    (lambda d: d["status_lists"].update(tls_cert=d["farm_key_file"], tls_key="/nowhere/key"), "tls_key: no such file"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES, ids=[message[:20] for _, message in MISTAKES])
def test_a_mistake_names_its_field(operator_site: Site, tmp_path: Path, change: Change, message: str) -> None:
    path = changed(operator_site, tmp_path, change)
    with pytest.raises(SettingsError) as caught:
        load_settings({OPERATOR_SETTINGS_VARIABLE: str(path)})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def run(path: Path | str) -> tuple[int, str]:
    """The exit code and last words of an operator with these settings."""
    environment = {**os.environ, OPERATOR_SETTINGS_VARIABLE: str(path)}
    command = [sys.executable, "-m", "understudy_operator"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_the_process_says_mistakes_in_one_line(operator_site: Site, tmp_path: Path) -> None:
    code, text = run("/nowhere/operator.json")
    assert (code, text.count("\n")) == (1, 1)
    assert text.startswith("operator: /nowhere/operator.json: cannot be read")


def test_the_process_says_that_nobody_answers(operator_site: Site, control_plane: Any, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    text = control_plane.operator_kubeconfig.read_text()
    kubeconfig.write_text(text.replace(control_plane.server, "https://127.0.0.1:1"))
    code, text = run(changed(operator_site, tmp_path, lambda d: d.update(kubeconfig=str(kubeconfig))))
    assert (code, text.count("\n")) == (1, 1)
    assert "check that the API server at https://127.0.0.1:1 runs" in text


def test_the_process_says_that_a_port_is_taken(operator_site: Site, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = run(changed(operator_site, tmp_path, lambda d: d.update(metrics_port=port)))
    assert (code, text.count("\n")) == (1, 1)
    assert f"metrics_port {port}" in text


def test_the_process_says_that_a_certificate_is_none(operator_site: Site, tmp_path: Path) -> None:
    """As found: the key of the farm, and a certificate with the key of another."""
    pairs = [Authority.open(tmp_path / name, name).server(tmp_path / name, "status") for name in ("one", "two")]
    wrong = [
        (operator_site.settings.farm_key_file, pairs[0].key, "got neither;"),
        (pairs[0].certificate, pairs[1].key, "got KEY_VALUES_MISMATCH; `understudy chart secrets` makes both"),
    ]
    for certificate, key, words in wrong:
        told = {"tls_cert": str(certificate), "tls_key": str(key)}
        code, text = run(changed(operator_site, tmp_path, lambda d, told=told: d["status_lists"].update(told)))
        assert (code, text.count("\n")) == (1, 1)
        assert f"status_lists.tls_cert {certificate}: wanted a PEM certificate with its key in {key}" in text
        assert words in text


def test_the_process_says_that_the_lists_port_is_taken(operator_site: Site, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = run(changed(operator_site, tmp_path, lambda d: d["status_lists"].update(port=port)))
    assert (code, text.count("\n")) == (1, 1)
    assert f"status_lists.port {port}" in text
