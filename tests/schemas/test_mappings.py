"""Codes of public standards, by facts of their published examples, and what they say here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.mappings.outbound import DCSA_DOCUMENTS, STATES, dcsa_document, of_state
from schemas.mappings.row import CodeList, CodeRow
from schemas.mappings.source_codes import CODE_LISTS, read_source_code
from schemas.reading import fault_of
from schemas.shipments import ShipmentMilestone
from schemas.vocabulary import Milestone
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import ShipmentState

EVENT = {"shipment_id": "S1", "classifier": "ACTUAL", "occurred_at": "2026-03-12T18:05:00+08:00"}

PUBLISHED = [
    # GS1 EPCIS 2.0: object events of the standard's JSON examples have the bare word, the CBV its URN and Web URI
    ("epcis:picking", "PICKED"),
    ("cbv:packing", "PACKED"),
    ("cbv:urn:epcglobal:cbv:bizstep:packing", "PACKED"),
    ("urn:epcglobal:cbv:bizstep:packing", "PACKED"),
    ("https://ref.gs1.org/cbv/BizStep-picking", "PICKED"),
    ("https://ns.gs1.org/voc/Bizstep-picking", "PICKED"),
    ("cbv:BizStep-void_shipping", "SHIPPING_VOIDED"),
    # DCSA Track & Trace: the transport event DEPA, equipment events as in the API's enumerations
    ("dcsa:DEPA", "DEPARTED"),
    ("DCSA:DEPA", "DEPARTED"),
    ("dcsa:GTIN", "HANDED_OVER"),
    ("dcsa:LOAD", "HANDED_OVER"),
    ("dcsa:PICK", "HANDED_OVER"),
    ("dcsa:STUF", "PACKED"),
    ("dcsa:CUSR", "CUSTOMS_RELEASED"),
    # IATA: the life of an air waybill from booking to delivery
    ("iata:BKD", "CREATED"),
    ("iata:RCS", "HANDED_OVER"),
    ("iata:MAN", "HANDED_OVER"),
    ("iata:DEP", "DEPARTED"),
    ("iata:ARR", "ARRIVED"),
    ("iata:RCF", "ARRIVED"),
    ("iata:NFD", "ARRIVED"),
    ("iata:DLV", "DELIVERED"),
    ("https://onerecord.iata.org/ns/code-lists/StatusCode#DEP", "DEPARTED"),
    ("iata:https://onerecord.iata.org/ns/coreCodeLists#StatusCode_DLV", "DELIVERED"),
    # X12 315: the container's life in element 157
    ("x12:CO", "HANDED_OVER"),
    ("x12:I", "HANDED_OVER"),
    ("x12:AE", "HANDED_OVER"),
    ("x12:CT", "CUSTOMS_RELEASED"),
    ("x12:VD", "DEPARTED"),
    ("x12:157:VA", "ARRIVED"),
    ("x12:D", "DELIVERED"),
]


def read(**given: Any) -> ShipmentMilestone:
    return ShipmentMilestone.model_validate_json(json.dumps({**EVENT, **given}))


def blamed(**given: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as refused:
        read(**given)
    return fault_of(refused.value)


@pytest.mark.parametrize(("code", "milestone"), PUBLISHED)
def test_a_known_code_stands_for_its_milestone(code: str, milestone: str) -> None:
    assert read(source_code=code).reported == milestone
    assert read(source_code=code, milestone=milestone).reported == milestone
    assert read(source_code=code, milestone=None).reported == milestone


ROWS = [pytest.param(codes, row, id=f"{codes.prefixes[0]}-{row.code}") for codes in CODE_LISTS for row in codes.rows]


@pytest.mark.parametrize(("codes", "row"), ROWS)
def test_a_code_and_a_milestone_agree_contradict_or_leave_each_other_alone(codes: CodeList, row: CodeRow) -> None:
    code = f"{codes.prefixes[0]}:{row.code}"
    for milestone in Milestone:
        if row.milestone is None or milestone in (row.milestone, *row.beside):
            assert read(source_code=code, milestone=milestone).reported is milestone
        else:
            field, message = blamed(source_code=code, milestone=milestone)
            assert (field, message) == ("source_code", f"reports {row.milestone}, which contradicts milestone")


SILENT = (
    "cbv:departing cbv:arriving cbv:shipping cbv:receiving cbv:loading cbv:holding dcsa:ARRI dcsa:GTOT dcsa:DISC "
    "dcsa:HOLD dcsa:CONF iata:DIS iata:TGC x12:OA x12:RL x12:HR"
)


@pytest.mark.parametrize("code", SILENT.split())
def test_a_code_that_leaves_open_where_the_goods_are_needs_a_milestone_beside_it(code: str) -> None:
    assert blamed(source_code=code) == (
        "source_code",
        "reports no milestone by itself, so milestone must be given",
    )


@pytest.mark.parametrize(
    "code", ["dcsa:XXXX", "dcsa:depa", "cbv:DEPARTING", "iata:", "x12:1650:AF", "cbv:urn:epcglobal:cbv:disp:in_transit"]
)
def test_a_code_its_list_doesnt_have_stands_for_nothing_and_leaves_the_milestone(code: str) -> None:
    assert blamed(source_code=code) == ("source_code", "is no known code, so milestone must be given")
    told = read(source_code=code, milestone="PACKED")
    assert told.reported is Milestone.PACKED
    assert told.code_read is not None
    assert told.code_read.row is None


@pytest.mark.parametrize("code", ["acme:DEPA", "DEPA", "urn:acme:bizstep:departing", "https://example.com/DEP"])
def test_an_unknown_prefix_says_nothing(code: str) -> None:
    assert read_source_code(code) is None
    assert read(source_code=code, milestone="PACKED").reported is Milestone.PACKED
    assert blamed(source_code=code)[0] == "milestone"


def test_neither_milestone_nor_code_is_unreadable() -> None:
    assert blamed() == ("milestone", "must be given, or a source_code that reports one")


def test_the_standards_own_shipping_and_receiving_events_need_a_milestone_beside_them() -> None:
    # The first example of the EPCIS standard ships from one place and receives at another, in the URN form.
    shipped, received = "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:bizstep:receiving"
    assert read(source_code=shipped, milestone="DEPARTED").reported is Milestone.DEPARTED
    assert read(source_code=received, milestone="DELIVERED").reported is Milestone.DELIVERED
    assert blamed(source_code=shipped)[0] == blamed(source_code=received)[0] == "source_code"


def test_the_code_never_changes_the_classifier() -> None:
    assert read(source_code="dcsa:DEPA", classifier="ESTIMATED").classifier == "ESTIMATED"


def test_what_is_kept_of_the_event_is_what_was_sent() -> None:
    kept = json.loads(read(source_code="dcsa:DEPA").model_dump_json())
    assert (kept["milestone"], kept["source_code"]) == (None, "dcsa:DEPA")


@pytest.mark.parametrize("codes", CODE_LISTS, ids=lambda codes: codes.name)
def test_a_list_names_each_code_once_with_its_reason_and_its_sources(codes: CodeList) -> None:
    assert len({row.code for row in codes.rows}) == len(codes.rows)
    assert all(row.meaning and row.why for row in codes.rows)
    assert all(row.milestone not in row.beside for row in codes.rows)
    assert all(row.milestone or not row.beside for row in codes.rows)
    assert all(source.startswith("https://") for source in codes.sources)


def test_only_a_departure_of_the_whole_shipment_draws_a_licence() -> None:
    departures = {row.code for codes in CODE_LISTS for row in codes.rows if row.milestone is Milestone.DEPARTED}
    assert departures == {"DEPA", "DEP", "VD"}


def test_every_state_has_its_words_elsewhere_and_an_unknown_one_is_held() -> None:
    assert set(STATES) == set(ShipmentState)
    assert (of_state("HELD").dcsa, of_state("HELD").cbv, of_state("HELD").x12) == ("HOLD", "holding", "HG")
    assert (of_state("RELEASED").dcsa, of_state("RELEASED").cbv, of_state("RELEASED").x12) == ("RELS", None, "HR")
    assert of_state("INTERCEPT").dcsa == "HOLD"
    assert of_state("CLOSED").dcsa is None
    assert of_state("SOMETHING_NEW") == of_state("HELD")


def test_what_goes_out_is_in_the_lists_that_come_in() -> None:
    known = {codes.prefixes[0]: {row.code for row in codes.rows} for codes in CODE_LISTS}
    for outbound in STATES.values():
        assert outbound.dcsa is None or outbound.dcsa in known["dcsa"]
        assert outbound.cbv is None or outbound.cbv in known["cbv"]
        assert outbound.x12 is None or outbound.x12 in known["x12"]


def test_every_reason_has_a_document_to_hold() -> None:
    assert set(DCSA_DOCUMENTS) <= set(Reason)
    assert dcsa_document(Reason.CUSTOMS_CHALLENGE) == "CUS"
    assert dcsa_document(Reason.STOP_NOTICE) == "BKG"
