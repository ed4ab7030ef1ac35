from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reading import ReadEvent, read_event
from schemas.topics import READ_TOPICS, topic_of
from schemas.unreadable import Unreadable
from tests.schemas.goldens import VALID, Golden

TOPIC = "trade.shipments.v1"
READ_GOLDENS = [golden for golden in VALID if golden.topic != "holdgate.holds.v1"]


def _headers(suffix: str | None = "shipment.upserted.v1") -> list[tuple[str, bytes | None]]:
    headers: list[tuple[str, bytes | None]] = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"e1"),
        ("ce_source", b"/erp"),
        ("ce_time", b"2026-03-02T09:00:00+08:00"),
    ]
    return headers if suffix is None else [*headers, ("ce_type", f"io.holdgate.{suffix}".encode())]


def _read(data: dict[str, Any], suffix: str = "shipment.upserted.v1") -> ReadEvent:
    return read_event(topic_of(suffix).name, _headers(suffix), b"k", json.dumps(data).encode())


def _refused(
    value: bytes | None,
    *,
    topic: str = TOPIC,
    headers: list[tuple[str, bytes | None]] | None = None,
    key: bytes | None = b"K",
) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read_event(topic, _headers() if headers is None else headers, key, value)
    return refused.value


def test_the_id_in_the_data_counts_and_not_the_record_key() -> None:
    event = _read({"shipment_id": "S1", "version": 1})
    assert event.entity_key == "S1"
    assert event.envelope.subject == "k"


def test_a_feed_is_its_own_key() -> None:
    event = _read({"feed": "FX_RATES", "version": 1, "as_of": "2026-03-01T00:00:00Z"}, "feed.refreshed.v1")
    assert event.entity_key == "FX_RATES"


def test_what_an_unreadable_event_is_about_is_the_id_in_its_data_then_its_subject_then_the_record_key() -> None:
    assert _refused(b'{"shipment_id": "S1", "version": 0}').entity_key == "S1"
    assert _refused(b'{"shipment_id": "S1", "version": 1, "lines": [{"line').entity_key == "S1"
    assert _refused(b'{"shipment_id": 7}', headers=[*_headers(), ("ce_subject", b"S2")]).entity_key == "S2"
    assert _refused(b"{not json").entity_key == "K"
    assert _refused(b"{not json", key=None).entity_key is None
    assert _refused(b"{not json", key=b"\xff").entity_key is None
    assert _refused(None).entity_key == "K"


def test_what_an_unreadable_structured_event_is_about_stands_in_its_body() -> None:
    headers: list[tuple[str, bytes | None]] = [("content-type", b"application/cloudevents+json")]
    body = {"type": "io.holdgate.shipment.milestone.v1", "subject": "S2", "data": {"shipment_id": "S1"}}
    refused = _refused(json.dumps(body).encode(), headers=headers)
    assert (refused.type_hint, refused.entity_key) == ("shipment.milestone.v1", "S1")
    assert _refused(json.dumps({**body, "data": 1}).encode(), headers=headers).entity_key == "S2"


def test_the_type_of_a_broken_event_comes_from_its_header() -> None:
    assert _refused(b"{not json").type_hint == "shipment.upserted.v1"
    assert _refused(b"{}", headers=_headers(None)).type_hint is None
    assert _refused(b"{}", headers=_headers("shipment.exploded.v1")).type_hint is None
    assert _refused(b"{}", headers=[("ce_type", b"shipment.upserted.v1")]).type_hint is None
    assert _refused(b"{}", headers=[("ce_type", b"\xff")]).type_hint is None


def test_a_type_belongs_to_its_topic() -> None:
    refused = _refused(b'{"order_id": "O1", "version": 1}', headers=_headers("order.upserted.v1"))
    assert (refused.field, refused.type_hint, refused.entity_key) == ("ce_type", "order.upserted.v1", "O1")
    assert _refused(b"{}", topic="trade.unheard-of.v1").field == "topic"
    assert _refused(b"{}", topic="holdgate.holds.v1", headers=_headers("shipment.held.v1")).field == "topic"


def test_only_the_first_part_of_a_huge_body_is_searched_for_its_id() -> None:
    huge = b'{"shipment_id": "S1", "pad": "' + b"x" * (1024 * 1024) + b'"}'
    assert _refused(huge).entity_key == "S1"


def test_an_absent_field_of_an_order_or_shipment_is_no_reason_to_refuse_it() -> None:
    line = {"line_no": 1, "item_no": "SM-OXIDE"}
    assert _read({"shipment_id": "S1", "version": 1, "lines": [line]})
    assert _read({"order_id": "O1", "version": 1, "lines": [line]}, "order.upserted.v1")
    half = {**line, "net_quantity": {"value": "5"}, "value": {"currency": "USD", "amount": None}}
    event = _read({"shipment_id": "S1", "version": 1, "lines": [half], "references": [{"scheme": "BOOKING"}]})
    shipment = event.model.model_dump()
    assert shipment["lines"][0]["net_quantity"] is None
    assert shipment["lines"][0]["value"] is None
    assert shipment["references"] == ()


def test_half_a_quantity_is_no_excuse_for_a_malformed_other_half() -> None:
    line = {"line_no": 1, "item_no": "SM-OXIDE", "net_quantity": {"value": 5.0}}
    with pytest.raises(Unreadable, match="decimal string") as refused:
        _read({"shipment_id": "S1", "version": 1, "lines": [line]})
    assert refused.value.field == "lines.0.net_quantity.value"


@pytest.mark.parametrize(
    "value", ["1.", ".5", "+1", "1e3", "1E3", "NaN", "Infinity", " 1", "1 ", "1_0", "１", "", "0x1", "1,5"]
)
def test_only_plain_digits_are_a_quantity(value: str) -> None:
    line = {"line_no": 1, "item_no": "X", "net_quantity": {"value": value, "unit": "KGM"}}
    with pytest.raises(Unreadable) as refused:
        _read({"shipment_id": "S1", "version": 1, "lines": [line]})
    assert refused.value.field == "lines.0.net_quantity.value"


def test_a_quantity_keeps_every_digit() -> None:
    value = "123456789012345678901234.123456789012"
    line = {"line_no": 1, "item_no": "X", "net_quantity": {"value": value, "unit": "KGM"}}
    event = _read({"shipment_id": "S1", "version": 1, "lines": [line]})
    assert str(event.model.model_dump()["lines"][0]["net_quantity"]["value"]) == value


def test_lapsing_on_completion_is_true_unless_general() -> None:
    individual = next(golden for golden in VALID if str(golden) == "licence.upserted.v1-valid-individual")
    data = dict(individual.document["value"])
    del data["lapses_on_completion"]
    for type_, lapses in (("INDIVIDUAL", True), ("REGISTRATION", True), ("GENERAL", False)):
        model = _read({**data, "type": type_}, "licence.upserted.v1").model
        assert model.model_dump()["lapses_on_completion"] is lapses


def test_a_name_given_twice_in_one_object_is_a_contradiction_wherever_it_stands() -> None:
    assert _refused(b'{"shipment_id": "S1", "version": 1, "version": 2}').field == "version"
    assert _refused(b'{"shipment_id": "S1", "version": 1, "extra": [{"a": 1, "a": 1}]}').field == "a"
    assert _refused(
        b'{"shipment_id": "S1", "version": 1, "' + b"x" * 500 + b'": 1, "' + b"x" * 500 + b'": 1}'
    ).field == ("x" * 100)
    structured: list[tuple[str, bytes | None]] = [("content-type", b"application/cloudevents+json")]
    body = b'{"specversion": "1.0", "id": "e1", "id": "e2", "data": {}}'
    assert _refused(body, headers=structured).field == "id"


def test_a_list_of_faults_is_refused_at_the_first_and_quickly() -> None:
    faulty = json.dumps({"shipment_id": "S1", "version": 1, "licences": [1] * 300_000}).encode()
    refused = _refused(faulty)
    assert (refused.field, refused.message) == ("licences.0", "Input should be a valid string")


def test_nesting_without_end_is_refused_wherever_it_stands() -> None:
    assert _refused(b'{"shipment_id": "S1", "version": 1, "extra": ' + b"[" * 100_000).field == "value"


@given(
    st.sampled_from([topic.name for topic in READ_TOPICS]),
    st.lists(st.tuples(st.sampled_from(["ce_type", "ce_id", "content-type", "x"]), st.none() | st.binary(max_size=30))),
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=200),
)
def test_any_record_is_an_event_or_unreadable(
    topic: str, headers: list[tuple[str, bytes | None]], key: bytes | None, value: bytes | None
) -> None:
    with pytest.raises(Unreadable):
        read_event(topic, headers, key, value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e9", "-0", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _spots(node: Any) -> list[tuple[Any, Any]]:
    """Every container in `node` with each of its keys or indices."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [spot for key, child in pairs for spot in [(node, key), *_spots(child)]]


def _event_or_unreadable(golden: Golden, value: bytes) -> ReadEvent | Unreadable:
    try:
        return read_event(golden.topic, golden.headers, golden.key, value)
    except Unreadable as refused:
        return refused


@settings(max_examples=300)
@given(st.sampled_from([golden for golden in READ_GOLDENS if "value" in golden.document]), st.data())
def test_any_mutation_of_an_example_is_an_event_or_unreadable(golden: Golden, data: st.DataObject) -> None:
    document = json.loads(golden.value)
    spots = _spots(document)
    container, key = spots[data.draw(st.integers(0, len(spots) - 1))]
    container[key] = data.draw(JSON)
    outcome = _event_or_unreadable(golden, json.dumps(document).encode())
    assert outcome.entity_key


@settings(max_examples=200)
@given(st.sampled_from(READ_GOLDENS), st.data())
def test_any_damage_to_the_bytes_of_an_example_is_an_event_or_unreadable(golden: Golden, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(golden.value)))
    end = start + data.draw(st.integers(0, 4))
    damaged = golden.value[:start] + data.draw(st.binary(max_size=4)) + golden.value[end:]
    assert _event_or_unreadable(golden, damaged).entity_key
