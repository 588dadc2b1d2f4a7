"""Logs as JSON, one event a line: ours by structlog, those of libraries in the same shape and only when they matter."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final

import structlog

from understudy_api.trace import trace_id
from understudy_operator.shell import views

_SHARED: Final[tuple[Any, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def name_job(body: Mapping[str, Any]) -> None:
    """From now on lines of this thread say which RenderJob they are about; others say it by their key."""
    if body["kind"] != "RenderJob":
        return
    identity = views.identity(body)
    structlog.contextvars.bind_contextvars(
        job=f"{identity.namespace}/{identity.name}",
        order=identity.uid,
        pool=views.pool_name(body),
        trace_id=trace_id(identity.uid, identity.edition),
    )


def name_nothing() -> None:
    """From now on lines of this thread are about nothing in particular."""
    structlog.contextvars.clear_contextvars()


def set_up_logs(level: int = logging.INFO) -> None:
    """Send everything to standard error; libraries speak from WARNING on."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for library in ("kopf", "kubernetes", "urllib3", "httpx", "httpcore", "asyncio", "aiohttp"):
        logging.getLogger(library).setLevel(logging.WARNING)
