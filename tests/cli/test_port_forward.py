"""No way to a Service is one line; the way itself is walked in the kind tests, where there are pods to walk to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator, stand_in

from understudy_cli.errors import UserError
from understudy_cli.port_forward import forwarded


@pytest.mark.farm
def test_a_service_that_is_not_there_is_named(control_plane: Any) -> None:
    kubectl = administrator(control_plane)
    said = pytest.raises(UserError, match=r"service default/nothing: no way to it \(.*not found.*\)")
    with said, forwarded(kubectl, "default", "nothing", 443):
        pass


def test_its_port_is_read_and_kubectl_is_ended_with_it(tmp_path: Path) -> None:
    script = f"echo 'Forwarding from 127.0.0.1:43210 -> 8443'; echo $$ >{tmp_path}/pid; exec sleep 600"
    with forwarded(stand_in(tmp_path, script), "ns", "service", 8443) as port:
        assert port == 43210
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            pass
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_one_that_says_nothing_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="kubectl ended"), forwarded(stand_in(tmp_path, "exit 1"), "ns", "service", 1):
        pass
