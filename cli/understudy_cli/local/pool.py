"""Ray on loopback: the head of the embedded pool. The operator submits the director to it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from understudy_api.settings import POOL_SETTINGS_VARIABLE
from understudy_cli.local.home import private_folder
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.probe import answers
from understudy_cli.local.process import Command

OBJECT_STORE_BYTES: Final = 500_000_000
"""Frames stay inside the performer that encodes them; what travels is small."""

_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)

_FEW_CORES: Final = {
    # The pool has long-lived actors and metrics of its own. What Ray does beside them costs frames where cores are few:
    # spare workers kept warm, task events, its own metrics, looks at the machine several times a second, a dashboard
    # that nobody watches.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_raylet_report_resources_period_milliseconds": "1000",
    "RAY_raylet_report_loads_period_milliseconds": "1000",
    "RAY_memory_monitor_refresh_ms": "2000",
    "RAY_kill_idle_workers_interval_ms": "5000",
    "RAY_raylet_check_gc_period_milliseconds": "10000",
    "METRICS_RECORD_INTERVAL_S": "60",
    "REPORTER_UPDATE_INTERVAL_MS": "60000",
    "GCS_CHECK_ALIVE_INTERVAL_SECONDS": "15",
    "NODE_STATS_UPDATE_INTERVAL_SECONDS": "60",
}


def dashboard_url(site: Site) -> str:
    """Where Ray's Jobs API answers."""
    return site.external.pool_url or f"http://{LOOPBACK}:{site.plan.ports.ray_dashboard}"


def _command(site: Site) -> Command:
    ports = site.plan.ports
    argv = (
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "start",
        "--head",
        "--block",
        f"--node-ip-address={LOOPBACK}",
        f"--port={ports.ray_gcs}",
        f"--dashboard-host={LOOPBACK}",
        f"--dashboard-port={ports.ray_dashboard}",
        f"--ray-client-server-port={ports.ray_client}",
        "--no-monitor",  # one node, nothing to scale
        f"--node-manager-port={ports.ray_node}",
        f"--object-manager-port={ports.ray_objects}",
        f"--dashboard-agent-listen-port={ports.ray_agent}",
        f"--dashboard-agent-grpc-port={ports.ray_agent_grpc}",
        f"--runtime-env-agent-port={ports.ray_environment}",
        f"--metrics-export-port={ports.ray_metrics}",
        f"--num-cpus={len(os.sched_getaffinity(0))}",
        f"--object-store-memory={OBJECT_STORE_BYTES}",
        f"--temp-dir={private_folder(site.home.ray)}",
        "--include-log-monitor=false",
        "--disable-usage-stats",
    )
    return Command(argv, site.environment(_environment(site)), site.home.work, (site.home.pool_settings,))


def _environment(site: Site) -> dict[str, str]:
    """What every Ray process and all workers and jobs below it inherit."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        "PATH": path,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(Keys.at(site.home).ray_token),
        "RAY_USAGE_STATS_ENABLED": "0",
        # Ray replaces a loopback address by the machine's own unless it is told that there is no cluster.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "DASHBOARD_METRIC_PORT": str(site.plan.ports.ray_dashboard_metrics),
        "PYTHONUNBUFFERED": "1",
        POOL_SETTINGS_VARIABLE: str(site.home.pool_settings),
        **_ONE_THREAD,
        **_FEW_CORES,
    }


def _clear_old_sessions(site: Site) -> None:
    """Ray leaves a folder per start; the last one's logs are kept until the next start."""
    if site.home.ray.exists():
        shutil.rmtree(private_folder(site.home.ray))


def _not_ready(site: Site) -> str | None:
    token = Keys.at(site.home).ray_token.read_text().strip()
    return answers(f"{dashboard_url(site)}/api/jobs/", headers={"Authorization": f"Bearer {token}"})


RAY: Final = Part(
    name="ray",
    ports=(
        "ray_dashboard",
        "ray_gcs",
        "ray_client",
        "ray_node",
        "ray_objects",
        "ray_agent",
        "ray_agent_grpc",
        "ray_environment",
        "ray_metrics",
        "ray_dashboard_metrics",
    ),
    prepare=_clear_old_sessions,
    command=_command,
    not_ready=_not_ready,
    ready_seconds=90.0,
    grace_seconds=4.0,  # Ray waits for its jobs, which never end by themselves; nothing in it has to be saved
)
