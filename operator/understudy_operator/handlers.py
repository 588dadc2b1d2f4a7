"""kopf: watches the kinds and keeps the process running. Handlers are doorbells: they mark keys and decide nothing.

kopf writes nothing to any object: no finalizer, annotation, peering or event of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import kopf
from kubernetes.client import Configuration

from understudy_api.crd import Kind
from understudy_api.kinds import KINDS
from understudy_api.model import API_VERSION, GROUP, VERSION
from understudy_operator.shell.operator import Operator

EXIT_SECONDS: Final = 10.0


def run(operator: Operator, configuration: Configuration, in_cluster: bool, health_port: int) -> None:
    """Watch until SIGTERM or SIGINT, with `operator` working meanwhile."""
    kopf.run(
        registry=registry(operator, configuration, in_cluster),
        settings=settings(),
        standalone=True,
        clusterwide=True,
        liveness_endpoint=f"http://127.0.0.1:{health_port}/healthz",
    )


def settings() -> kopf.OperatorSettings:
    """kopf's settings: a watcher and nothing else."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.networking.request_timeout = 30.0
    chosen.networking.connect_timeout = 5.0
    chosen.watching.server_timeout = 300
    chosen.process.ultimate_exiting_timeout = EXIT_SECONDS
    return chosen


def registry(operator: Operator, configuration: Configuration, in_cluster: bool) -> kopf.OperatorRegistry:
    """The handlers: one doorbell a kind, start, cleanup, probe and login."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.startup(registry=handlers)
    async def start(**_: Any) -> None:
        await asyncio.to_thread(operator.start)

    @kopf.on.cleanup(registry=handlers)
    async def clean_up(**_: Any) -> None:
        await asyncio.to_thread(operator.stop)

    @kopf.on.probe(registry=handlers, id="reconciles")
    def reconciles(**_: Any) -> str:
        if not operator.is_alive():
            raise kopf.PermanentError("reconciles no longer finish")
        return "finishing"

    @kopf.on.login(registry=handlers, id="kubeconfig")
    def log_in(**given: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**given) if in_cluster else connection(configuration)

    for kind in KINDS:
        ring = doorbell(operator, kind)
        kopf.on.event(GROUP, VERSION, kind.plural, registry=handlers, id=f"doorbell-{kind.plural}")(ring)
    return handlers


def doorbell(operator: Operator, kind: Kind) -> Callable[..., Any]:
    """What rings for events about objects of a kind."""

    async def ring(event: dict[str, Any], **_: Any) -> None:
        operator.ring(event["type"], {**event["object"], "apiVersion": API_VERSION, "kind": kind.kind})

    return ring


def connection(configuration: Configuration) -> kopf.ConnectionInfo:
    """The API server and credentials of a loaded kubeconfig, as kopf takes them."""
    scheme, _, token = str(configuration.get_api_key_with_prefix("BearerToken", "authorization") or "").partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme if token else None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
