"""How much a notice may say: it is told whole, so it has to fit into a record of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.notices import SCOPE_BYTES_MAX, NoticeScope, NoticeUpserted
from schemas.produced import NoticeEnded
from schemas.reading import fault_of
from schemas.values import TEXT_CHARS_MAX
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.rulebook import apply_rule
from services.gatekeeper.pipeline.translate_rules import lifted_notice, notice_entity
from services.gatekeeper.pipeline.wire_out import PAYLOAD_BYTES_MAX, notice_ended

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LONGEST = "\x01" * TEXT_CHARS_MAX
"""Six bytes for each character when it is written."""


def data(shipments: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "notice_id": "N1",
        "version": 1,
        "origin": "AUTHORITY",
        "authority_ref": LONGEST,
        "text": {"zh": LONGEST, "en": LONGEST},
        "effective_from": "2026-03-05T00:00:00+08:00",
        "effective_until": None,
        "everything": False,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": {"shipments": shipments},
        **changes,
    }


def filling(size: int) -> list[str]:
    """Shipment ids with which a scope has exactly `size` bytes of JSON."""
    ids = [f"停{n:06d}" + "x" * 88 for n in range((size - 1_000) // 100)]
    missing = size - written(ids)
    return [*ids, *("y" * 97 for _ in range(missing // 100 - 1)), "z" * (missing % 100 + 97)]


def written(ids: list[str]) -> int:
    return len(NoticeScope(shipments=tuple(ids)).model_dump_json().encode())


def refusal(given: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ValidationError) as refused:
        NoticeUpserted.model_validate_json(json.dumps(given))
    return fault_of(refused.value)


def test_the_largest_notice_and_its_lift_fit_into_a_record() -> None:
    ids = filling(SCOPE_BYTES_MAX)
    assert written(ids) == SCOPE_BYTES_MAX
    notice = notice_entity(NoticeUpserted.model_validate_json(json.dumps(data(ids))), NOW)
    lift = lifted_notice("N1", 2**63 - 1, LONGEST, NOW)
    row = apply_rule(References.empty().with_changes(1, [notice]), lift, NOW).entity
    assert isinstance(row, Notice)
    _, said = notice_ended(row, 2**63 - 1)
    assert isinstance(said, NoticeEnded)
    assert len(said.scope.shipments) == len(ids)
    assert SCOPE_BYTES_MAX < len(said.model_dump_json().encode()) < PAYLOAD_BYTES_MAX


def test_a_scope_of_one_byte_more_is_refused_by_name() -> None:
    ids = filling(SCOPE_BYTES_MAX)
    field, message = refusal(data([*ids[:-1], ids[-1] + "z"]))
    assert field == "scope"
    assert "800000 bytes" in message


@pytest.mark.parametrize("until", ["2026-03-04T16:00:00Z", "2026-03-04T23:59:59+08:00"])
def test_a_notice_that_would_end_before_it_begins_is_refused_by_name(until: str) -> None:
    assert refusal(data(["S1"], effective_until=until)) == ("effective_until", "must be after effective_from")


@pytest.mark.parametrize("start", ["2026-03-04T23:59:59+08:00", None])
def test_a_notice_that_ends_after_it_begins_or_begins_at_once_is_readable(start: str | None) -> None:
    given = data(["S1"], effective_from=start, effective_until="2026-03-05T00:00:00+08:00")
    assert NoticeUpserted.model_validate_json(json.dumps(given)).effective_until is not None
