"""The forms an expectation may have, and the keys of each (scenarios.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from services.gatekeeper.pipeline.wire_out import ROLES
from services.local.scenarios.amounts import is_amount
from services.local.scenarios.model import BadScenario, Expectation

ANSWER = "answer"
AMOUNTS = ("reserved", "consumed", "free", "value_reserved", "value_consumed", "value_free")


@dataclass(frozen=True, slots=True)
class Form:
    """`keys` beside the form's own; `subjects` and `inner`: what its own key holds, where that is a mapping."""

    keys: frozenset[str]
    subjects: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()


def _form(*keys: str, subjects: Collection[str] = (), inner: Collection[str] = ()) -> Form:
    return Form(frozenset(keys), frozenset(subjects), frozenset(inner))


FORMS = {
    "violations": _form(subjects=("shipment", "licence"), inner=("kinds",)),
    "alerts": _form(subjects=("licence", "notice", "feed"), inner=("kinds",)),
    "emitted": _form(subjects=("shipment",), inner=("count",)),
    "hold": _form("detail_includes", subjects=("shipment", "order"), inner=("reason",)),
    "decision": _form("equals_replay", subjects=("shipment", "order")),
    "shipment": _form("state", "reasons", "reasons_include", "directives"),
    "order": _form("state", "reasons", "reasons_include"),
    "licence": _form("line", "status", "uses", "uses_reserved", *AMOUNTS),
    "notice": _form("status"),
}
_ANSWER_KEYS = frozenset({"status", "body_includes"})
_LISTS = ("reasons", "reasons_include", "kinds")
_NUMBERS = ("line", "uses", "uses_reserved", "count")
_MAPPINGS = ("directives", "detail_includes", "body_includes")
_TEXTS = ("state", "reason", "shipment", "order", "licence", "notice", "feed")


def expectation(given: Any, *, after_call: bool) -> Expectation:
    """`given` as an expectation. Raises BadScenario for an unknown key, form or kind of value."""
    if not isinstance(given, Mapping):
        raise BadScenario(f"an expectation must be a mapping, not {given!r}")
    form = next((name for name in FORMS if name in given), None)
    if form is None:
        return _answer(given, after_call)
    shape = FORMS[form]
    refuse_unknown(given, shape.keys | {form}, form)
    if shape.subjects:
        about = given[form]
        if not isinstance(about, Mapping):
            raise BadScenario(f"{form} must be a mapping")
        refuse_unknown(about, shape.subjects | shape.inner, form)
        if len(shape.subjects & about.keys()) != 1:
            raise BadScenario(f"{form} must name one of {', '.join(sorted(shape.subjects))}")
        _check_values(about)
    if form == "hold" and "reason" not in given[form]:
        raise BadScenario("hold must name its reason")
    _check_values(given if not shape.subjects else {key: value for key, value in given.items() if key != form})
    return Expectation(form, given)


def _answer(given: Mapping[str, Any], after_call: bool) -> Expectation:
    refuse_unknown(given, _ANSWER_KEYS, "an expectation")
    if not given:
        raise BadScenario("an expectation says nothing")
    if not after_call:
        raise BadScenario(f"{next(iter(given))} is expected of an answer, but the step has no call")
    if isinstance(given.get("status", 0), bool) or not isinstance(given.get("status", 0), int):
        raise BadScenario("status of an answer must be a whole number")
    _check_values({key: value for key, value in given.items() if key != "status"})
    return Expectation(ANSWER, given)


def refuse_unknown(given: Mapping[str, Any], known: Collection[str], what: str) -> None:
    """Raises BadScenario naming the first key of `given` that isn't `known`."""
    for key in given:
        if key not in known:
            raise BadScenario(f"unknown key {key!r} in {what}; there are {', '.join(sorted(known))}")


def _check_values(given: Mapping[str, Any]) -> None:
    for key, value in given.items():
        fault = _fault(key, value)
        if fault is not None:
            raise BadScenario(f"{key} must be {fault}, not {value!r}")


def _fault(key: str, value: Any) -> str | None:
    """What `value` should be, if it isn't."""
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        return "a list of codes"
    if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int)):
        return "a whole number"
    if key in _MAPPINGS and not isinstance(value, Mapping):
        return "a mapping"
    if key == "directives" and not set(value) <= set(ROLES):
        return f"directives by role ({', '.join(ROLES)})"
    if key in AMOUNTS and not is_amount(value):
        return 'an amount with its unit, such as "0.001 KGM"'
    if key in _TEXTS and not isinstance(value, str):
        return "text"
    # Nothing is known of a licence or notice whose status is null.
    if key == "status" and not isinstance(value, str | None):
        return "text or null"
    if key == "equals_replay" and not isinstance(value, bool):
        return "true or false"
    return None
