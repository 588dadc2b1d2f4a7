"""What is chosen once per farm and kept, so that kubeconfigs outlive a restart: its name and its ports."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import time
from collections.abc import Collection
from itertools import islice
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
    """`count` different loopback ports of `port_range()` that nobody listens on and that are not `taken` by a plan.

    A port is only looked at, not held: farms that are first brought up at the same moment need ranges of their own.
    UserError when the range has too few.
    """
    ports = port_range()
    shuffled = secrets.SystemRandom().sample(ports, len(ports))
    found = list(islice((port for port in shuffled if port not in taken and is_free(port)), count))
    if len(found) < count:
        raise UserError(
            f"{count} free ports are wanted in {ports.start}-{ports.stop - 1}, {len(found)} are left; "
            "end what listens there, or name another range in UNDERSTUDY_PORTS"
        )
    return found


def port_range() -> range:
    """`$UNDERSTUDY_PORTS`, such as `24000-24999`, else PORTS; UserError when it is no range of ports."""
    named = os.environ.get("UNDERSTUDY_PORTS")
    if named is None:
        return PORTS
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", named)
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65_535:
        raise UserError(f"UNDERSTUDY_PORTS is {named!r}; wanted a range within 1024-65535, such as 24000-24999")
    return range(first, last + 1)


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
