"""Log lines are JSON, carry their time with its offset, and give no secret away."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from services.kit.logging import configure_logging


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; afterwards logging is as it was."""
    handlers, level = logging.root.handlers, logging.root.level
    yield io.StringIO()
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_event_and_what_is_bound(stream: io.StringIO) -> None:
    configure_logging("INFO", stream=stream)
    structlog.get_logger().bind(shipment_id="S1", topic="trade.orders.v1").info("hold_placed", reason="扣货")
    (line,) = _lines(stream)
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == UTC.utcoffset(None)
    assert line == {
        "event": "hold_placed", "level": "info", "shipment_id": "S1", "topic": "trade.orders.v1", "reason": "扣货",
    }  # fmt: skip


def test_a_library_writes_the_same_lines_and_quiet_levels_are_left_out(stream: io.StringIO) -> None:
    configure_logging("warning", stream=stream)
    logging.getLogger("aiokafka").warning("partition %s moved", 3)
    logging.getLogger("aiokafka").info("nothing")
    structlog.get_logger().info("nothing")
    (line,) = _lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("partition 3 moved", "warning", "aiokafka")


def test_an_exception_is_one_line_with_its_trace(stream: io.StringIO) -> None:
    configure_logging(stream=stream)
    structlog.get_logger().error("batch_failed", exc_info=ValueError("no such lane"))
    (line,) = _lines(stream)
    assert "ValueError: no such lane" in line["exception"]


def test_secrets_and_passwords_in_addresses_are_hidden(stream: io.StringIO) -> None:
    configure_logging(stream=stream)
    structlog.get_logger().info(
        "started",
        api_key="k-1",
        headers={"Authorization": "Bearer k-2", "accept": "*/*"},
        database="postgresql://holdgate:k-3@db:5432/holdgate",
    )
    logging.getLogger("asyncpg").error("no answer from postgresql://holdgate:k-4@db/holdgate")
    assert not any(f"k-{number}" in stream.getvalue() for number in range(1, 5))
    assert _lines(stream)[0]["database"] == "postgresql://holdgate:***@db:5432/holdgate"


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure_logging("LOUD")
