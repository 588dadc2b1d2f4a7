"""What is chosen once per farm and kept, so that kubeconfigs outlive a restart: its name and its ports."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Collection
from typing import Final

import psutil
from pydantic import ValidationError

from understudy_api.model import Model
from understudy_cli.errors import UserError
from understudy_cli.local.home import Home, write_private

LOOPBACK: Final = "127.0.0.1"
PORTS: Final = range(20_000, 32_000)
"""Below the kernel's range for outgoing connections, so that no passer-by takes a port while the farm is down."""


_PATIENCE_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.05


class Ports(Model):
    """One loopback port per listener, named `<part>` or `<part>_<what>`."""

    etcd: int
    etcd_peer: int
    apiserver: int
    controllers: int
    minio: int
    ray_gcs: int
    ray_dashboard: int
    ray_client: int
    ray_node: int
    ray_objects: int
    ray_agent: int
    ray_agent_grpc: int
    ray_environment: int
    ray_metrics: int
    ray_dashboard_metrics: int
    vault: int
    director: int
    director_metrics: int
    operator_metrics: int
    operator_health: int
    operator_status: int


class Plan(Model):
    """The farm's name, for people, and its ports."""

    name: str
    ports: Ports


def load_plan(home: Home) -> Plan | None:
    """The plan of a farm that has one, or None; UserError when the file is damaged or lacks a port."""
    try:
        return Plan.model_validate_json(home.plan.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UserError(f"{home.plan}: {error.errors()[0]['msg']}; `understudy up` writes it anew") from error


def choose_plan(home: Home) -> Plan:
    """The farm's plan; whatever it lacks is chosen now and kept."""
    try:
        known = json.loads(home.plan.read_bytes())
        name, ports = str(known["name"]), {key: int(port) for key, port in known["ports"].items()}
    except FileNotFoundError:
        name, ports = f"local-{secrets.token_hex(4)}", {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{home.plan} is damaged; delete it and run `understudy up` to choose new ports") from error
    missing = [key for key in Ports.model_fields if key not in ports]
    chosen = dict(zip(missing, free_ports(len(missing), taken=set(ports.values())), strict=True))
    plan = Plan(name=name, ports=Ports(**{key: (ports | chosen)[key] for key in Ports.model_fields}))
    if missing:
        write_private(home.plan, plan.model_dump_json(indent=2) + "\n")
    return plan


def free_ports(count: int, taken: Collection[int] = ()) -> list[int]:
    """`count` different loopback ports that nobody listens on and that are not `taken` by a plan."""
    found: list[int] = []
    for port in secrets.SystemRandom().sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        if port not in taken and is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(home: Home, part: str, ports: dict[str, int]) -> None:
    """Refuse to start `part` on a port that somebody else holds, and say who.

    A process that has just ended gives its ports back a moment later, with its last thread; that moment is waited.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for name, port in ports.items():
        while not is_free(port) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if not is_free(port):
            raise UserError(
                f"{part}: port {port} is taken by {_holder(port)}; end that program, "
                f'or delete "{name}" with its port from {home.plan} to have another one chosen'
            )


def _holder(port: int) -> str:
    for connection in psutil.net_connections(kind="tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return _describe(connection.pid)
    return "another program"


def _describe(pid: int | None) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another user's program"
    except psutil.NoSuchProcess:
        return "another program"
