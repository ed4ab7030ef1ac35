"""The corpus's notices as request bodies: each is refused with the field's name, none is recorded."""

from __future__ import annotations

import json
import time

import httpx2
import pytest

from tests.api.office import Office, fresh_key
from tests.corpus.cases import NOTICE, Case
from tests.corpus.corpus import corpus

CPU_SECONDS_MAX = 0.5
OUTSIDE = {"the envelope", "structured mode", "the topic"}
"""Faults of records, which a request doesn't have."""
REFUSED = {"value": (400, 413)}
"""What is no JSON, or too much of it; everything else is 422."""


def _bodies() -> list[Case]:
    """A body has no version (the service sets it), and one with a registry prefix is no JSON."""
    own = [case for case in corpus() if case.suffix == NOTICE and case.kind not in OUTSIDE]
    return [case for case in own if case.value is not None and not case.field.startswith("version")]


async def test_each_malformed_or_hostile_notice_is_refused_with_its_field(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    cases, faults = _bodies(), []
    assert len(cases) >= 100
    for case in cases:
        headers = {"content-type": "application/json", **fresh_key()}
        answer = await officer.post("/v1/notices", content=case.value, headers=headers)
        told = answer.json()
        named = [error["field"] for error in told.get("errors", ())]
        fine = answer.status_code in REFUSED.get(case.field, (422,)) and (case.field == "value" or case.field in named)
        # A body that is JSON and no object has no field at all.
        fine = fine or (case.field == "value" and answer.status_code == 422 and named == ["body"])
        if not fine or answer.headers["content-type"] != "application/problem+json":
            faults.append(f"{case}: {answer.status_code} {named}")
    assert faults == []
    assert (await office.count("rule_row"), await office.count("task")) == (0, 0)


ASKED = {
    "a name given twice": (b'{"shipment_ids": ["S1"], "shipment_ids": ["S2"]}', "shipment_ids"),
    "100,000 faults": (json.dumps({"shipment_ids": [1] * 100_000}).encode(), "shipment_ids.0"),
    "100,000 ids": (json.dumps({"shipment_ids": ["S1"] * 100_000}).encode(), "shipment_ids"),
    "an id of another type": (b'{"shipment_ids": ["S1", {"id": "S2"}]}', "shipment_ids.1"),
    "an empty id": (b'{"shipment_ids": [""]}', "shipment_ids.0"),
    "an id with U+0000": (b'{"shipment_ids": ["S\\u0000"]}', "shipment_ids.0"),
    "null for a list": (b'{"shipment_ids": null}', "shipment_ids"),
    "no list": (b'{"shipment_ids": "S1"}', "shipment_ids"),
    "nothing": (b"{}", "shipment_ids"),
}


@pytest.mark.parametrize("what", ASKED)
async def test_a_malformed_question_is_refused_with_its_field(officer: httpx2.AsyncClient, what: str) -> None:
    body, field = ASKED[what]
    begun = time.process_time()
    answer = await officer.post("/v1/shipments/statuses", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert time.process_time() - begun < CPU_SECONDS_MAX
