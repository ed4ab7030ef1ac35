"""One JSON line for each log event, whoever writes it: ours through structlog, libraries' through logging."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_NAMES = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"(\w://[^\s:/@]*:)[^\s/@]+@")
HIDDEN = "***"


def configure_logging(level: str = "INFO", *, stream: TextIO = sys.stderr) -> None:
    """Write to `stream` one JSON object per line: `time` (with offset), `level`, `event`, then what is bound.

    Values under names that speak of secrets and passwords inside URLs are hidden. `level` is a name of the logging
    module; ValueError for another. May be called again.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level {level!r}")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        add_time,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(number)


def add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """`time` first in the line, RFC 3339 with offset."""
    return {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **event}


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without what must never be written down."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: Any) -> Any:
    # "_record" and its like are structlog's own and leave before rendering.
    if name.startswith("_"):
        return value
    if SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return PASSWORD_IN_URL.sub(rf"\1{HIDDEN}@", value)
    if isinstance(value, MutableMapping):
        return {key: _hidden(str(key), inner) for key, inner in value.items()}
    return value
