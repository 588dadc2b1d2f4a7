"""The operator's process: `python -m understudy_operator`.

Reads the settings that UNDERSTUDY_OPERATOR_SETTINGS names, waits for the Lease, watches and reconciles until SIGTERM.
Exit codes: 0 stopped, 1 a mistake in settings or surroundings (one line says which), 3 the Lease was lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from understudy_operator.handlers import run
from understudy_operator.settings import OperatorSettings, SettingsError, load_settings
from understudy_operator.shell.apiserver import ApiServer, UnusableClusterError
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.lease import Leadership, Lease
from understudy_operator.shell.logs import set_up_logs
from understudy_operator.shell.operator import Operator, new_identity

LEASE_LOST = 3


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
    except (SettingsError, UnusableClusterError, _MistakeError) as mistake:
        sys.stderr.write(f"operator: {mistake}\n")
        return 1
    return 0


def _serve(settings: OperatorSettings, stop: threading.Event) -> None:
    server, identity = ApiServer.connect(settings.kubeconfig), new_identity()
    _check_cluster(server)
    operator = Operator(settings, server, identity)
    try:
        stop_metrics = operator.metrics.serve(settings.metrics_port)
    except OSError as error:
        raise _MistakeError(f"metrics_port {settings.metrics_port}: {error.strerror}; choose another") from error
    leadership = Leadership(Lease(server, settings.namespace, identity), operator.is_alive, _end_now)
    try:
        if leadership.wait(stop):
            operator.metrics.leader.set(1)
            run(operator, server.configuration, settings.kubeconfig is None, settings.health_port)
    finally:
        leadership.resign()
        stop_metrics()
        server.close()


def _check_cluster(server: ApiServer) -> None:
    host = server.configuration.host
    try:
        served = Cluster(server).serves_kinds()
    except OutageError as error:
        raise _MistakeError(f"{error}; check that the API server at {host} runs and the kubeconfig is right") from error
    except (DeniedError, ConflictError) as error:
        raise _MistakeError(f"API server at {host}: {error}; check the account in the kubeconfig") from error
    if not served:
        raise _MistakeError(f"API server at {host}: our kinds are missing; install them: kubectl apply -f crds/")


def _end_now(reason: str) -> None:
    """End this very moment, from whatever thread, waiting for nobody: another process may lead from now on."""
    os.write(2, f"operator: lease lost: {reason}; ending\n".encode())
    os._exit(LEASE_LOST)


if __name__ == "__main__":
    raise SystemExit(main())
