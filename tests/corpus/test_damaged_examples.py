"""Examples damaged at random: read as an event that keeps every bound, or refused; nothing else, and never slowly."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reading import ReadEvent, read_event
from schemas.topics import HOLDS
from schemas.unreadable import Unreadable
from schemas.values import BIGINT_MAX, KEYS_MAX, TEXT_CHARS_MAX, YEAR_MAX, YEAR_MIN
from tests.schemas.goldens import VALID, Golden

EXAMPLES = [golden for golden in VALID if golden.topic != HOLDS.name]
CPU_SECONDS_MAX = 0.5
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**63, 2**64, float("nan"), float("inf"), "", " ", "\x00", "\n", "\x7f", "\ud800",
    "x" * 201,
    "x" * 4_001, "9" * 10_000, "-1", "1e9", "1e999999999", "NaN", "0", "2026-02-30", "9999-12-31T00:00:00Z", "cn", "XX",
    "2026-03-02T09:00:00+99:00", [], {}, [None], [[]], [1] * 2_000, ["x"] * 20_000, {"a": {"a": {"a": {}}}},
)  # fmt: skip


def _spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in `node` with each of its keys or indices."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield node, key
        yield from _spots(child)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for child in node.values():
            yield from _leaves(child)
    elif isinstance(node, (list, tuple)):
        assert len(node) <= KEYS_MAX
        for child in node:
            yield from _leaves(child)
    else:
        yield node


def _keeps_its_bounds(leaf: Any) -> bool:
    match leaf:
        case None | bool():
            return True
        case int():
            return 0 <= leaf <= BIGINT_MAX
        case Decimal():
            return leaf.is_finite() and leaf >= 0 and len(f"{leaf:f}") <= 37
        case datetime():
            return leaf.utcoffset() is not None and YEAR_MIN <= leaf.year <= YEAR_MAX
        case date():
            return YEAR_MIN <= leaf.year <= YEAR_MAX
        case str():
            leaf.encode()
            return "\x00" not in leaf and len(leaf) <= TEXT_CHARS_MAX
    return False


def _values(model: Any) -> Any:
    """What the domain gets: decimals and days themselves, not their texts."""
    if hasattr(model, "model_fields_set"):
        return {name: _values(given) for name, given in model}
    return [_values(given) for given in model] if isinstance(model, tuple) else model


def _check(golden: Golden, value: bytes, headers: list[tuple[str, bytes]] | None = None) -> ReadEvent | None:
    """Read it, whatever comes of it; what is read keeps every bound and reads back equal."""
    begun = time.process_time()
    try:
        event = read_event(golden.topic, golden.headers if headers is None else headers, golden.key, value)
    except Unreadable:
        event = None
    assert time.process_time() - begun < CPU_SECONDS_MAX
    if event is not None:
        leaves = list(_leaves(_values(event.model)))
        assert [leaf for leaf in leaves if not _keeps_its_bounds(leaf)] == []
        assert type(event.model).model_validate_json(event.model.model_dump_json()) == event.model
        assert 1 <= len(event.entity_key) <= 200
        assert not any(ord(sign) < 32 for sign in event.entity_key)
    return event


@settings(max_examples=300)
@given(st.sampled_from([golden for golden in EXAMPLES if "value" in golden.document]), st.data())
def test_an_example_with_hostile_values_in_it_keeps_its_bounds_or_is_refused(
    golden: Golden, data: st.DataObject
) -> None:
    document = json.loads(golden.value)
    for _ in range(data.draw(st.integers(1, 3))):
        spots = list(_spots(document))
        if not spots:
            break
        container, key = data.draw(st.sampled_from(spots))
        if isinstance(container, dict) and data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    _check(golden, json.dumps(document).encode())


@settings(max_examples=300)
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_example_with_bytes_flipped_lost_or_doubled_keeps_its_bounds_or_is_refused(
    golden: Golden, data: st.DataObject
) -> None:
    value = bytearray(golden.value)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(value)))
        end = start + data.draw(st.integers(0, 40))
        match data.draw(st.sampled_from(("flip", "lose", "double", "insert"))):
            case "flip" if start < len(value):
                value[start] ^= 1 << data.draw(st.integers(0, 7))
            case "lose":
                del value[start:end]
            case "double":
                value[start:start] = value[start:end]
            case _:
                value[start:start] = data.draw(st.binary(min_size=1, max_size=8))
    _check(golden, bytes(value))


@settings(max_examples=200)
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_example_with_damaged_headers_keeps_its_bounds_or_is_refused(golden: Golden, data: st.DataObject) -> None:
    headers = list(golden.headers)
    index = data.draw(st.integers(0, len(headers) - 1))
    name, raw = headers[index]
    given_now = data.draw(st.binary(max_size=300) | st.just(raw[::-1]) | st.just(raw * 50) | st.just(raw + b"\n"))
    headers[index : index + 1] = data.draw(st.sampled_from(([], [(name, given_now)], [(name, raw), (name, given_now)])))
    _check(golden, golden.value, headers)


@settings(max_examples=60)
@given(st.sampled_from([golden for golden in EXAMPLES if "value" in golden.document]), st.data())
def test_a_name_given_twice_anywhere_is_refused(golden: Golden, data: st.DataObject) -> None:
    """Each parser takes its own of the two."""
    text = json.dumps(json.loads(golden.value))
    starts = [index for index, sign in enumerate(text) if sign == "{" and text[index + 1] == '"']
    start = data.draw(st.sampled_from(starts))
    name = text[start + 2 : text.index('"', start + 2)]
    assert _check(golden, f'{text[: start + 1]}"{name}": null, {text[start + 1 :]}'.encode()) is None
