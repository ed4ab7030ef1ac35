"""One step of a scenario: what happens, and what is expected then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.topics import ID_FIELD, READ_TOPICS, TYPE_PREFIX
from schemas.values import instant
from services.local.scenarios.expectations import expectation, refuse_unknown
from services.local.scenarios.model import Action, Advance, BadScenario, Call, Event, Raw, Step

_EVENT_KEYS: Final = ("type", "data", "id", "time", "source")
_RAW_KEYS: Final = ("topic", "key", "headers")
_CALL_KEYS: Final = ("method", "path", "as", "body", "headers")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOPICS: Final = tuple(topic.name for topic in READ_TOPICS)
DEFAULT_PRINCIPAL: Final = "officer-1"


def parse_step(number: int, given: Any) -> Step:
    """Raises BadScenario for what can't be a step."""
    if not isinstance(given, Mapping):
        raise BadScenario("a step must be a mapping")
    doing = [name for name in _ACTIONS if name in given]
    if len(doing) > 1:
        raise BadScenario(f"a step does one thing, not {' and '.join(doing)}")
    refuse_unknown(given, {*_ACTIONS, "expect", *(_RAW_KEYS if doing == ["raw"] else ())}, "a step")
    if not given:
        raise BadScenario("a step says nothing")
    action = _ACTIONS[doing[0]](given) if doing else None
    wanted = given.get("expect") or []
    if not isinstance(wanted, list):
        raise BadScenario("expect must be a list")
    after_call = isinstance(action, Call)
    return Step(number, action, tuple(expectation(one, after_call=after_call) for one in wanted))


def parse_event(given: Any) -> Event:
    """An event in short form. Its `time` stays as it was written, a malformed one too: that is for the decision."""
    if not isinstance(given, Mapping):
        raise BadScenario("an event must be a mapping")
    refuse_unknown(given, _EVENT_KEYS, "an event")
    suffix = _type_suffix(given.get("type"))
    if not isinstance(given.get("data"), Mapping):
        raise BadScenario(f"data of {given['type']} must be a mapping")
    for key in ("id", "time", "source"):
        if not isinstance(given.get(key), str | None):
            raise BadScenario(f"{key} of an event must be text")
    _check_json(f"data of {given['type']}", given["data"])
    return Event(suffix, given["data"], given.get("id"), given.get("time"), given.get("source"))


def _check_json(what: str, value: Any) -> None:
    """Raises BadScenario for what an explicit YAML tag made and JSON can't say."""
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise BadScenario(f"{what} can't be written as JSON: {error}") from error


def _type_suffix(given: Any) -> str:
    """`shipment.upserted`, with or without prefix and version, as `shipment.upserted.v1`."""
    if not isinstance(given, str):
        raise BadScenario("type of an event must be text")
    plain = given.removeprefix(TYPE_PREFIX).removesuffix(".v1")
    if f"{plain}.v1" not in ID_FIELD:
        known = ", ".join(suffix.removesuffix(".v1") for suffix in ID_FIELD)
        raise BadScenario(f"unknown type {given!r} of an event; there are {known}")
    return f"{plain}.v1"


def _raw(given: Mapping[str, Any]) -> Raw:
    value, key, headers = given["raw"], given.get("key"), given.get("headers") or {}
    if given.get("topic") not in _TOPICS:
        raise BadScenario(f"topic of a raw step must be one of {', '.join(_TOPICS)}")
    if not isinstance(value, str | bytes | None):
        raise BadScenario("raw must be text, !!binary or null")
    if not isinstance(key, str | None):
        raise BadScenario("key of a raw step must be text")
    encoded = value.encode() if isinstance(value, str) else value
    return Raw(encoded, given["topic"], key, tuple(_texts("headers", headers).items()))


def _advance(given: Mapping[str, Any]) -> Advance:
    try:
        return Advance(instant(given["advance_to"]))
    except (TypeError, ValueError) as error:
        raise BadScenario(f"advance_to must be a time with offset, not {given['advance_to']!r}") from error


def _call(given: Mapping[str, Any]) -> Call:
    call = given["call"]
    if not isinstance(call, Mapping):
        raise BadScenario("call must be a mapping")
    refuse_unknown(call, _CALL_KEYS, "a call")
    if call.get("method") not in _METHODS:
        raise BadScenario(f"method of a call must be one of {', '.join(_METHODS)}")
    if not isinstance(call.get("path"), str) or not call["path"].startswith("/"):
        raise BadScenario("path of a call must be text that begins with /")
    principal = call.get("as", DEFAULT_PRINCIPAL)
    if not isinstance(principal, str) or not principal:
        raise BadScenario("as must be the name of a principal")
    _check_json("body of a call", call.get("body"))
    headers = _texts("headers", call.get("headers") or {})
    return Call(call["method"], call["path"], principal, call.get("body"), "body" in call, headers)


def _texts(key: str, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise BadScenario(f"{key} must map names to texts")
    return dict(given)


_ACTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Action]]] = {
    "event": lambda given: parse_event(given["event"]),
    "advance_to": _advance,
    "raw": _raw,
    "call": _call,
}
