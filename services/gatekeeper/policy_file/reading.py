"""From the text of a policy file, or a mapping of settings, to a Policy or to everything that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.policy_file.kinds import Fault, field_of, shown
from services.gatekeeper.policy_file.settings import BY_NAME, VERSION
from services.kit.yaml_text import BadYaml, Path, Place, Placed, load_placed

FILE_BYTES_MAX = 1_048_576


@dataclass(frozen=True, slots=True)
class PlacedFault:
    """One fault of a file. `field` is "" and `place` None where the whole text is none of YAML."""

    file: str
    field: str
    place: Place | None
    message: str

    def __str__(self) -> str:
        """`policy.yaml: feed_max_age_hours.CONTROL_LIST: line 7, column 17: must be a whole number …`"""
        where = (self.file, self.field, str(self.place) if self.place is not None else "")
        return ": ".join(part for part in (*where, self.message) if part)


class BadPolicy(ValueError):
    """A policy that can't be used: every fault of it, in the order of the text."""

    def __init__(self, faults: Sequence[PlacedFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def read_policy(raw: bytes, file: str) -> Policy:
    """The policy that the bytes of `file` say; what they leave out is as by default. Raises BadPolicy."""
    placed = _placed(raw, file)
    if not isinstance(placed.value, Mapping):
        message = f"must be a mapping of settings, not {shown(placed.value)}"
        raise BadPolicy([PlacedFault(file, "", Place(1, 1), message)])
    values, faults = read_settings(placed.value)
    if VERSION.name not in placed.value:
        faults.append(Fault((VERSION.name,), f"is missing: {VERSION.kind.words}, one more with every change"))
    found = [_located(file, fault, placed) for fault in faults]
    for path, place in placed.repeated:
        found.append(
            PlacedFault(file, field_of(path), place, f"is given twice, first in line {placed.keys[path].line}")
        )
    if found:
        raise BadPolicy(sorted(found, key=lambda fault: fault.place or Place(1, 1)))
    return Policy(**values)


def read_settings(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """What `given` says of settings, version included, and all that is wrong with it."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        setting = BY_NAME.get(name)
        if setting is None:
            faults.append(Fault((str(name),), _unknown(str(name)), of_key=True))
        else:
            values[name] = setting.kind.read(value, (name,), faults)
    return values, faults


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.strip().lower().replace("-", "_"), BY_NAME, n=1)
    return f"is no setting; did you mean {near[0]}?" if near else f"is no setting; there are {', '.join(BY_NAME)}"


def _placed(raw: bytes, file: str) -> Placed:
    if len(raw) > FILE_BYTES_MAX:
        raise BadPolicy([PlacedFault(file, "", None, f"must have at most {FILE_BYTES_MAX} bytes")])
    try:
        # Some editors begin UTF-8 with a mark of its own.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise BadPolicy([PlacedFault(file, "", Place(line, column), "must be UTF-8 text")]) from None
    try:
        return load_placed(text)
    except BadYaml as error:
        raise BadPolicy([PlacedFault(file, "", error.place, error.why)]) from None


def _located(file: str, fault: Fault, placed: Placed) -> PlacedFault:
    """The fault with its own place, or with that of what it would stand in."""
    places: Mapping[Path, Place] = placed.keys if fault.of_key else placed.values
    path = fault.path
    while path not in places:
        path, places = path[:-1], placed.values
    return PlacedFault(file, field_of(fault.path), places[path], fault.message)
