from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas.envelope import VALUE_BYTES_MAX, Envelope, read, write_binary
from schemas.produced import LicenceAlert
from schemas.unreadable import Unreadable

SHANGHAI = timezone(timedelta(hours=8))
TIME = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=SHANGHAI)
DATA = {"shipment_id": "S1", "version": 1, "forwarder_id": "远洋货运"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
HEADERS: list[tuple[str, bytes | None]] = [
    ("content-type", b"application/json"),
    ("ce_specversion", b"1.0"),
    ("ce_id", b"e1"),
    ("ce_source", b"/erp"),
    ("ce_type", b"io.holdgate.shipment.upserted.v1"),
    ("ce_subject", b"S1"),
    ("ce_time", b"2026-03-02T09:00:00.25+08:00"),
]
STRUCTURED: list[tuple[str, bytes | None]] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/erp",
    "type": "io.holdgate.shipment.upserted.v1",
    "subject": "S1",
    "time": "2026-03-02T09:00:00.25+08:00",
    "data": DATA,
}


def _oracle_event() -> CloudEvent:
    return CloudEvent(
        {
            "id": "e1",
            "source": "/erp",
            "type": "io.holdgate.shipment.upserted.v1",
            "subject": "S1",
            "time": TIME,
            "datacontenttype": "application/json",
            "traceparent": TRACE,
        },
        DATA,
    )


def _with(name: str, value: bytes | None) -> list[tuple[str, bytes | None]]:
    return [*((header, given) for header, given in HEADERS if header != name), (name, value)]


def _without(name: str) -> list[tuple[str, bytes | None]]:
    return [(header, given) for header, given in HEADERS if header != name]


def _alert(detail: dict[str, str | int]) -> tuple[list[tuple[str, bytes]], bytes]:
    return write_binary(
        LicenceAlert(kind="DRAWN_80", licence_no="许可证-1", licence_line=1, detail=dict(detail)),
        id="5b9b1a52-4d1b-5a3f-9f5e-0f6f5f0f7c01",
        source="/holdgate",
        type="io.holdgate.licence.alert.v1",
        subject="许可证-1",
        time=TIME,
        laneseq=1041,
        rulesversion=12,
        causationid="e-17",
        traceparent=TRACE,
    )


def _field(headers: list[tuple[str, bytes | None]], key: bytes | None = b"S1", value: bytes | None = b"{}") -> str:
    with pytest.raises(Unreadable) as refused:
        read(headers, key, value)
    return refused.value.field


def _assert_is_the_oracles(envelope: Envelope) -> None:
    assert (envelope.id, envelope.source, envelope.type) == ("e1", "/erp", "io.holdgate.shipment.upserted.v1")
    assert (envelope.subject, envelope.time, envelope.traceparent) == ("S1", TIME, TRACE)
    assert json.loads(envelope.data) == DATA


def test_binary_events_of_the_cloudevents_library_are_read() -> None:
    message = kafka.to_binary(_oracle_event(), JSONFormat())
    _assert_is_the_oracles(read(list(message.headers.items()), b"S1", message.value))


def test_structured_events_of_the_cloudevents_library_are_read() -> None:
    message = kafka.to_structured(_oracle_event(), JSONFormat())
    _assert_is_the_oracles(read(list(message.headers.items()), b"S1", message.value))


def test_the_cloudevents_library_reads_what_holdgate_writes() -> None:
    headers, value = _alert({"free": "80 KGM"})
    event = kafka.from_kafka(kafka.KafkaMessage(dict(headers), "许可证-1".encode(), value), JSONFormat())
    assert event.get_id() == "5b9b1a52-4d1b-5a3f-9f5e-0f6f5f0f7c01"
    assert event.get_type() == "io.holdgate.licence.alert.v1"
    assert (event.get_source(), event.get_subject(), event.get_time()) == ("/holdgate", "许可证-1", TIME)
    assert (event.get_extension("laneseq"), event.get_extension("rulesversion")) == ("1041", "12")
    assert (event.get_extension("causationid"), event.get_extension("traceparent")) == ("e-17", TRACE)
    assert event.get_data()["kind"] == "DRAWN_80"  # type: ignore[index,call-overload]


def test_what_holdgate_writes_reads_back() -> None:
    headers, value = _alert({"free": "80 KGM"})
    envelope = read(headers, None, value)
    assert (envelope.laneseq, envelope.rulesversion, envelope.causationid) == (1041, 12, "e-17")
    assert (envelope.subject, envelope.time, envelope.traceparent) == ("许可证-1", TIME, TRACE)


def test_the_same_event_written_again_is_byte_equal_whatever_the_order_of_its_details() -> None:
    assert _alert({"free": "80 KGM", "granted": 1000}) == _alert({"granted": 1000, "free": "80 KGM"})


def test_an_event_is_never_written_with_a_naive_time() -> None:
    with pytest.raises(ValueError, match="offset"):
        write_binary(
            LicenceAlert(kind="CONSUMED", detail={}),
            id="x", source="/holdgate", type="t", subject="s",
            time=datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None), laneseq=1, rulesversion=1,
        )  # fmt: skip


@pytest.mark.parametrize("headers", [HEADERS, STRUCTURED], ids=["binary", "structured"])
def test_the_five_bytes_of_a_registry_before_the_json_are_tolerated(headers: list[tuple[str, bytes | None]]) -> None:
    body = json.dumps(DATA if headers is HEADERS else EVENT).encode()
    assert json.loads(read(headers, b"S1", b"\x00\x00\x00\x00\x07" + body).data) == DATA


def test_structured_data_may_be_base64() -> None:
    event = {**EVENT, "data_base64": base64.b64encode(json.dumps(DATA).encode()).decode()}
    del event["data"]
    assert json.loads(read(STRUCTURED, b"S1", json.dumps(event).encode()).data) == DATA


def test_headers_do_not_count_in_structured_mode() -> None:
    envelope = read([*STRUCTURED, ("ce_id", b"other"), ("ce_time", b"never")], b"S1", json.dumps(EVENT).encode())
    assert envelope.id == "e1"


def test_without_a_subject_the_record_key_stands_for_it() -> None:
    assert read(_without("ce_subject"), b"S9", b"{}").subject == "S9"
    assert read(_without("ce_subject"), None, b"{}").subject is None


def test_header_names_are_read_in_any_case_and_foreign_headers_are_ignored() -> None:
    headers: list[tuple[str, bytes | None]] = [(name.upper(), value) for name, value in HEADERS]
    assert read([*headers, ("b3", b"\xff"), ("b3", None)], b"S1", b"{}").id == "e1"


def test_a_broken_trace_is_dropped_since_tracing_never_holds_goods() -> None:
    assert read([*HEADERS, ("ce_traceparent", b"garbage")], b"S1", b"{}").traceparent is None


def test_positions_that_are_no_numbers_are_none() -> None:
    envelope = read([*HEADERS, ("ce_laneseq", b"-1"), ("ce_rulesversion", b"9" * 19)], b"S1", b"{}")
    assert (envelope.laneseq, envelope.rulesversion, envelope.causationid) == (None, None, None)


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"])
def test_a_missing_or_broken_attribute_is_named(name: str) -> None:
    assert _field(_without(name)) == name
    assert _field(_with(name, b"")) == name
    assert _field(_with(name, None)) == name
    assert _field(_with(name, b"\xff")) == name
    assert _field([*HEADERS, (name, b"again")]) == name


@pytest.mark.parametrize(
    "time",
    ["2026-03-02T09:00:00", "2026-03-02", "2026-03-02 09:00:00+08:00", "1772413200", "2026-03-02T24:00:00Z",
     "2026-02-30T09:00:00Z", "2026-03-02T09:00:60Z", "0001-01-01T00:00:00+23:59", "2026-W10-1T09:00:00Z",
     "２０26-03-02T09:00:00Z", "2026-03-02T09:00:00+0800", "2026-03-02T09:00:00Z\n"],
)  # fmt: skip
def test_only_an_rfc_3339_time_with_an_offset_is_a_time(time: str) -> None:
    assert _field(_with("ce_time", time.encode())) == "ce_time"


@pytest.mark.parametrize(
    "time", ["2026-03-02T01:00:00Z", "2026-03-02t01:00:00.000000999z", "2026-03-02T09:00:00+08:00"]
)
def test_an_rfc_3339_time_is_read_in_all_its_forms(time: str) -> None:
    assert read(_with("ce_time", time.encode()), b"S1", b"{}").time == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_tombstone_an_oversize_value_a_batch_and_a_broken_key_are_unreadable() -> None:
    assert _field(HEADERS, value=None) == "value"
    assert _field(HEADERS, value=b" " * (VALUE_BYTES_MAX + 1)) == "value"
    assert _field([("content-type", b"application/cloudevents-batch+json")], value=b"[]") == "content-type"
    assert _field([*HEADERS, ("Content-Type", b"application/json")]) == "content-type"
    assert _field(_without("ce_subject"), key=b"\xff") == "key"
    assert _field(_without("ce_subject"), key=b"") == "key"
    assert _field(_with("ce_subject", b"S\x001")) == "ce_subject"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data": None}, "data"),
        ({"data": None, "data_base64": "%%%"}, "data_base64"),
        ({"id": 7}, "ce_id"),
        ({"time": None}, "ce_time"),
        ({"sequence": 1.5}, "ce_sequence"),
        ({"region": {"a": 1}}, "ce_region"),
    ],
)
def test_a_broken_structured_event_names_what_is_broken(change: dict[str, object], field: str) -> None:
    assert _field(STRUCTURED, value=json.dumps({**EVENT, **change}).encode()) == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{not json", b'{"data": NaN}', b"[" * 10_000, b"\xff"])
def test_a_structured_body_that_is_no_json_object_is_unreadable(body: bytes) -> None:
    assert _field(STRUCTURED, value=body) == "value"


def test_an_attribute_that_is_an_integer_or_a_boolean_gets_its_canonical_text() -> None:
    body = json.dumps({**EVENT, "laneseq": 5, "replayed": True, "empty": None}).encode()
    assert dict(read(STRUCTURED, b"S1", body).extensions) == {"laneseq": "5", "replayed": "true"}
