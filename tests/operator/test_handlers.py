"""kopf's handlers: doorbells only, a probe that tells, the kubeconfig's own credentials, no traces on any object."""

from __future__ import annotations

import asyncio
from typing import Any

import kopf
import pytest

from understudy_api.kinds import KINDS
from understudy_operator import handlers
from understudy_operator.shell.apiserver import ApiServer


class Recorder:
    """Stands where the operator stands and writes down what the handlers ask of it."""

    def __init__(self) -> None:
        self.rung: list[tuple[str | None, dict[str, Any]]] = []
        self.alive = True

    def ring(self, event: str | None, body: dict[str, Any]) -> None:
        self.rung.append((event, body))

    def is_alive(self) -> bool:
        return self.alive


def registry(recorder: Any, control_plane: Any) -> kopf.OperatorRegistry:
    configuration = ApiServer.connect(control_plane.operator_kubeconfig).configuration
    return handlers.registry(recorder, configuration, in_cluster=False)


def test_there_is_one_doorbell_a_kind_and_nothing_that_writes(control_plane: Any) -> None:
    found = registry(Recorder(), control_plane)
    watching = list(found._watching.get_all_handlers())
    assert {handler.selector.any_name for handler in watching} == {kind.plural for kind in KINDS}
    assert list(found._changing.get_all_handlers()) == []
    assert list(found._spawning.get_all_handlers()) == []
    assert list(found._indexing.get_all_handlers()) == []


@pytest.mark.parametrize("event", [None, "ADDED", "MODIFIED", "DELETED"])
def test_a_doorbell_rings_and_returns_nothing(event: str | None) -> None:
    recorder: Any = Recorder()
    given = {"type": event, "object": {"metadata": {"name": "a"}}}
    assert asyncio.run(handlers.doorbell(recorder, KINDS[0])(event=given, name="a")) is None
    ((rung, body),) = recorder.rung
    assert (rung, body["kind"], body["metadata"]) == (event, KINDS[0].kind, {"name": "a"})


def test_the_probe_fails_when_reconciles_no_longer_finish(control_plane: Any) -> None:
    recorder = Recorder()
    found = registry(recorder, control_plane)
    (probe,) = [one for one in found._activities.get_all_handlers() if one.id == "reconciles"]
    assert probe.fn() == "finishing"
    recorder.alive = False
    with pytest.raises(kopf.PermanentError):
        probe.fn()


def test_kopf_speaks_with_the_kubeconfigs_credentials(control_plane: Any) -> None:
    token = handlers.connection(ApiServer.connect(control_plane.operator_kubeconfig).configuration)
    assert (token.server, token.scheme) == (control_plane.server, "Bearer")
    assert token.token
    certificate = handlers.connection(ApiServer.connect(control_plane.kubeconfig).configuration)
    assert certificate.certificate_path or certificate.token
    assert certificate.ca_path


def test_kopf_writes_nothing_of_its_own() -> None:
    settings = handlers.settings()
    assert not settings.posting.enabled
    assert settings.scanning.disabled
    assert isinstance(settings.watching.server_timeout, int), "the API server takes whole seconds only"
