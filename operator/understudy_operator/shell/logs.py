"""Logs as JSON, one event a line: ours by structlog, those of libraries in the same shape and only when they matter."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog

_SHARED: Final[tuple[Any, ...]] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


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
