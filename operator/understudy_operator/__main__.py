"""The operator's process: `python -m understudy_operator`.

Reads the settings that UNDERSTUDY_OPERATOR_SETTINGS names, waits for the Lease, watches and reconciles until SIGTERM.
Exit codes: 0 stopped, 1 a mistake in settings or surroundings (one line says which). Whoever loses the Lease, for
instance because the API server was away, starts over as a fresh process under the same pid.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from understudy_api.status_source import StatusSettings
from understudy_api.tracing import TracingError
from understudy_operator.handlers import run
from understudy_operator.settings import OperatorSettings, SettingsError, load_settings
from understudy_operator.shell.apiserver import ApiServer, UnusableClusterError
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.lease import Leadership, Lease
from understudy_operator.shell.logs import set_up_logs
from understudy_operator.shell.operator import Operator, new_identity
from understudy_operator.shell.status_server import UnusableCertificateError

IDENTITY_VARIABLE: Final = "UNDERSTUDY_OPERATOR_IDENTITY"
"""Set by a process that starts over: who it was, so that its own Lease does not keep it waiting."""
RETRY_SECONDS: Final = 1.0


class _MistakeError(Exception):
    """Why the operator cannot run; one line with the cure."""


def main() -> int:
    """Run until told to stop; returns the exit code."""
    set_up_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load_settings()
        _serve(settings, stop)
    except (SettingsError, UnusableClusterError, UnusableCertificateError, TracingError, _MistakeError) as mistake:
        sys.stderr.write(f"operator: {mistake}\n")
        return 1
    return 0


def _serve(settings: OperatorSettings, stop: threading.Event) -> None:
    server = ApiServer.connect(settings.kubeconfig)
    before = os.environ.get(IDENTITY_VARIABLE)
    identity = before or new_identity()
    _check_cluster(server, patient=before is not None, stop=stop)
    operator = Operator(settings, server, identity)
    stop_lists = _serve_lists(operator, settings.status_lists)
    try:  # Last of the two: a pod whose metrics answer counts as ready for both.
        stop_metrics = operator.metrics.serve(settings.metrics_port, settings.metrics_host)
    except OSError as error:
        raise _MistakeError(f"metrics_port {settings.metrics_port}: {error.strerror}; choose another") from error
    leadership = Leadership(
        Lease(server, settings.namespace, identity), operator.is_alive, partial(_start_over, identity)
    )
    try:
        if leadership.wait(stop):
            operator.metrics.leader.set(1)
            run(operator, server.configuration, settings.kubeconfig is None, settings.health_port)
    finally:
        leadership.resign()
        stop_metrics()
        stop_lists()
        server.close()


def _serve_lists(operator: Operator, settings: StatusSettings) -> Callable[[], None]:
    """Serve status lists where the settings say so; whoever waits for the Lease serves them too."""
    try:
        return operator.serve_lists(settings)
    except OSError as error:
        raise _MistakeError(f"status_lists.port {settings.port}: {error.strerror}; choose another") from error


def _check_cluster(server: ApiServer, patient: bool, stop: threading.Event) -> None:
    """Refuse to run where the cluster cannot be used; one that starts over waits for it to come back."""
    host = server.configuration.host
    while not stop.is_set():
        try:
            if Cluster(server).serves_kinds():
                return
            mistake = f"API server at {host}: our kinds are missing; install them: kubectl apply -f crds/"
        except OutageError as error:
            mistake = f"{error}; check that the API server at {host} runs and the kubeconfig is right"
        except (DeniedError, ConflictError) as error:
            mistake = f"API server at {host}: {error}; check the account in the kubeconfig"
        if not patient:
            raise _MistakeError(mistake)
        stop.wait(RETRY_SECONDS)


def _start_over(identity: str, reason: str) -> None:
    """End this very moment, whatever hangs, and begin again: no thread of this image does anything more.

    Sockets and files are closed by the kernel. A process without a supervisor heals itself so.
    """
    os.write(2, json.dumps({"event": "starting over", "level": "error", "reason": reason}).encode() + b"\n")
    os.environ[IDENTITY_VARIABLE] = identity
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line again


if __name__ == "__main__":
    raise SystemExit(main())
