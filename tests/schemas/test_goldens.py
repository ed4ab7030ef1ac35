from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from schemas.events import READ_MODELS
from schemas.export import json_schema
from schemas.produced import WRITTEN_MODELS, NoticeInEffect
from schemas.reading import read_event, read_written
from schemas.topics import ALL_TOPICS, HOLDS, ID_FIELD, topic_of
from schemas.unreadable import Unreadable
from tests.schemas.goldens import GOLDENS, INVALID, VALID, Golden

TYPES = sorted({**READ_MODELS, **WRITTEN_MODELS})

# Faults beyond the shape of JSON: two lines of one number, an empty scope and so on are told by the reader alone, and
# so are codes and days that look right.
BEYOND_SHAPE = {
    "ambiguous-factor",
    "contradicting-code",
    "duplicate-line",
    "empty-lists",
    "empty-scope",
    "ends-when-it-begins",
    "float-version",
    "limit-of-no-line",
    "nameless-party",
    "no-such-day",
    "silent-code-only",
    "unknown-field-only",
    "year-9999",
}


def _read(golden: Golden) -> Any:
    if golden.topic == HOLDS.name:
        return read_written(golden.headers, golden.key, golden.value)
    return read_event(golden.topic, golden.headers, golden.key, golden.value)


@pytest.mark.parametrize("golden", VALID, ids=str)
def test_a_valid_example_is_read(golden: Golden) -> None:
    event = _read(golden)
    assert event.type_suffix == golden.type_suffix
    assert topic_of(event.type_suffix).name == golden.topic


@pytest.mark.parametrize("golden", INVALID, ids=str)
def test_an_invalid_example_is_refused_and_names_the_field(golden: Golden) -> None:
    with pytest.raises(Unreadable) as refused:
        _read(golden)
    assert refused.value.field == golden.field


@pytest.mark.parametrize("golden", [golden for golden in INVALID if golden.topic != HOLDS.name], ids=str)
def test_a_refused_example_still_says_what_it_is_about(golden: Golden) -> None:
    with pytest.raises(Unreadable) as refused:
        _read(golden)
    assert refused.value.entity_key is not None
    named = dict(golden.headers).get("ce_type", b"").decode().removeprefix("io.holdgate.")
    assert refused.value.type_hint == (named or None)


@pytest.mark.parametrize("suffix", TYPES)
def test_every_type_has_valid_and_invalid_examples(suffix: str) -> None:
    stems = [golden.path.stem for golden in GOLDENS if golden.type_suffix == suffix]
    assert any(stem.startswith("valid-") for stem in stems)
    assert sum(stem.startswith("invalid-") for stem in stems) >= 2


def test_topics_carry_every_type_once() -> None:
    assert sorted(suffix for topic in ALL_TOPICS for suffix in topic.types) == TYPES
    assert set(ID_FIELD) == set(READ_MODELS)


@pytest.mark.parametrize("golden", [golden for golden in VALID if golden.topic == HOLDS.name], ids=str)
def test_what_holdgate_writes_reads_back_equal(golden: Golden) -> None:
    model = _read(golden).model
    assert json.loads(model.model_dump_json()) == golden.document["value"]


def _plain(goldens: list[Golden]) -> list[Golden]:
    return [golden for golden in goldens if "value" in golden.document and "ce_type" in golden.document["headers"]]


@pytest.mark.parametrize(
    "golden",
    [golden for golden in _plain(VALID) if golden.path.stem not in ("valid-half-quantity", "valid-null-is-absent")],
    ids=str,
)
def test_the_json_schema_accepts_what_is_asked_of_senders(golden: Golden) -> None:
    jsonschema.validate(golden.document["value"], json_schema(golden.type_suffix))


@pytest.mark.parametrize(
    "golden",
    [
        golden
        for golden in _plain(INVALID)
        if golden.path.stem.removeprefix("invalid-") not in BEYOND_SHAPE
        and not (golden.path.stem.removeprefix("invalid-").startswith("unknown-") and "stat" not in golden.path.stem)
        and golden.field is not None
        and not golden.field.startswith(("ce_", "content-type"))
    ],
    ids=str,
)
def test_the_json_schema_refuses_what_the_reader_refuses(golden: Golden) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(golden.document["value"], json_schema(golden.type_suffix))


@pytest.mark.parametrize("golden", [golden for golden in VALID if golden.topic != HOLDS.name], ids=str)
def test_what_was_read_and_kept_as_json_reads_back_equal(golden: Golden) -> None:
    model = _read(golden).model
    assert type(model).model_validate_json(model.model_dump_json()) == model
    assert type(model).model_validate(model.model_dump()) == model


def test_a_notice_read_becomes_the_notice_in_effect_whole() -> None:
    scoped = next(golden for golden in VALID if str(golden) == "notice.upserted.v1-valid-scoped")
    notice = _read(scoped).model
    in_effect = NoticeInEffect(**notice.model_dump(), barrier=12)
    assert json.loads(in_effect.model_dump_json()) == {**json.loads(notice.model_dump_json()), "barrier": 12}
