"""How settings are written: each kind reads what a YAML or scenario file gives, and says all that is wrong with it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.units import normalised
from services.gatekeeper.domain.quantity import Quantity, known_unit
from services.kit.yaml_text import Path, WrittenFloat

ENTRIES_MAX = 10_000
TEXT_CHARS_MAX = 200
SHOWN_CHARS_MAX = 60
_DECIMAL = re.compile(r"[0-9]{1,24}(\.[0-9]{1,12})?", re.ASCII)
_PLAIN_KEY = re.compile(r"[\w-]{1,60}")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the value at `path`, or with its key. The message begins with "must", "is" or the like."""

    path: Path
    message: str
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """`words`: what may be written, for people. `read` gives the value, or adds to the faults and gives anything."""

    words: str
    read: Callable[[Any, Path, list[Fault]], Any]


def shown(given: Any) -> str:
    """What was given, in the words of the file and within bounds."""
    if isinstance(given, Mapping):
        return "a mapping"
    if isinstance(given, (list, tuple)):
        return "a list"
    if isinstance(given, str):
        return _short(quoted(given))
    return _short(given.text if isinstance(given, WrittenFloat) else json.dumps(given, default=str))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}…"


def quoted(text: str) -> str:
    """`text` in YAML's double quotes, on one line; what can't be seen is escaped."""
    return '"' + "".join(_letter(letter) for letter in text) + '"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def field_of(path: Path) -> str:
    """`feed_max_age_hours.CONTROL_LIST`, `catch_all_terms[2]` (the second entry)."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path)
    return text.removeprefix(".")


def _key(part: str) -> str:
    return part if _PLAIN_KEY.fullmatch(part) else _short(quoted(part))


def flag() -> Kind:
    words = "true or false"

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if not isinstance(given, bool):
            faults.append(Fault(path, f"must be {words}, not {shown(given)}"))
        return given

    return Kind(words, read)


def whole(least: int, most: int, *, unit: str = "") -> Kind:
    """A whole number from `least` to `most`, never a text or a decimal."""
    words = f"a whole number{unit and f' of {unit}'} from {least} to {most}"

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
            faults.append(Fault(path, f"must be {words}, not {shown(given)}"))
        return given

    return Kind(words, read)


def percent() -> Kind:
    """An exact decimal above 0, up to 100."""
    words = "a number above 0, up to 100"

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        exact = _decimal(given)
        if exact is None or not 0 < exact <= 100:
            faults.append(Fault(path, f"must be {words}, not {shown(given)}"))
        return exact

    return Kind(words, read)


def or_off(kind: Kind) -> Kind:
    """`kind`, or null: the rule is off."""

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        return None if given is None else kind.read(given, path, faults)

    return Kind(f"{kind.words}; or null: off", read)


def one_of(*choices: str) -> Kind:
    words = " or ".join(choices)

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if given not in choices:
            faults.append(Fault(path, f"must be {words}, not {shown(given)}"))
        return given

    return Kind(words, read)


def texts(what: str, choices: Collection[str] = ()) -> Kind:
    """A list of different texts, of `choices` if there are any; null is an empty one."""
    allowed = f": {', '.join(choices)}" if choices else ""

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if given is None:
            return ()
        if not isinstance(given, (list, tuple)):
            faults.append(Fault(path, f"must be a list of {what}, not {shown(given)}"))
            return ()
        if len(given) > ENTRIES_MAX:
            faults.append(Fault(path, f"must have at most {ENTRIES_MAX} entries, not {len(given)}"))
            return ()
        before: dict[Any, int] = {}
        for number, entry in enumerate(given, start=1):
            message = _text_fault(entry)
            if message is None and choices and entry not in choices:
                message = f"must be one of {', '.join(choices)}, not {shown(entry)}"
            if message is None and entry in before:
                message = f"{shown(entry)} is in the list already, as entry {before[entry]}"
            if message is not None:
                faults.append(Fault((*path, number), message))
            elif isinstance(entry, str):
                before[entry] = number
        return tuple(given)

    return Kind(f"a list of {what}{allowed}; empty or null: off", read)


def _text_fault(entry: Any) -> str | None:
    if not isinstance(entry, str):
        hint = "; write it in quotes" if isinstance(entry, (bool, int, float)) else ""
        return f"must be text, not {shown(entry)}{hint}"
    if not entry or entry != entry.strip():
        return f"must be text that neither is empty nor begins or ends with a space, not {shown(entry)}"
    if len(entry) > TEXT_CHARS_MAX:
        return f"must have at most {TEXT_CHARS_MAX} characters, not {len(entry)}"
    if any(unicodedata.category(letter) in _UNPRINTABLE for letter in entry):
        return f"must be of one line, without control characters, not {shown(entry)}"
    return None


def each(keys: Collection[str], what: str, kind: Kind) -> Kind:
    """A mapping from some of `keys` to values of `kind`; null is an empty one."""

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            faults.append(Fault(path, f"must be a mapping from {what} to {kind.words}, not {shown(given)}"))
            return {}
        for key, value in given.items():
            below = (*path, str(key))
            if key not in keys:
                faults.append(Fault(below, f"is no {what}; there are {', '.join(keys)}", of_key=True))
            kind.read(value, below, faults)
        return dict(given)

    return Kind(f"a mapping from {what} ({', '.join(keys)}) to {kind.words}; empty or null: off", read)


def quantity() -> Kind:
    """`{value: "500", unit: KGM}`: above zero, exact, in a unit that can be converted."""
    words = '{value: "…", unit: …}, above zero, in a UN/ECE Recommendation 20 unit'

    def read(given: Any, path: Path, faults: list[Fault]) -> Any:
        if not isinstance(given, Mapping):
            faults.append(Fault(path, f"must be {words}, not {shown(given)}"))
            return None
        others = [str(key) for key in given if key not in ("value", "unit")]
        faults += [Fault((*path, key), "is unknown; there are value and unit", of_key=True) for key in others]
        exact, unit = _decimal(given.get("value")), given.get("unit")
        unit = normalised(unit) if isinstance(unit, str) else unit
        if exact is None or exact <= 0:
            faults.append(Fault((*path, "value"), f"must be a number above 0, {_not('value', given)}"))
        if not isinstance(unit, str) or not known_unit(unit):
            faults.append(Fault((*path, "unit"), f"must be a known unit such as KGM, {_not('unit', given)}"))
        return Quantity(exact or Decimal(0), str(unit))

    return Kind(words, read)


def _not(key: str, given: Mapping[str, Any]) -> str:
    return f"not {shown(given[key])}" if key in given else "and is missing"


def _decimal(given: Any) -> Decimal | None:
    """The decimal as it was written, plain or quoted; None when it is none, or is longer than 24 and 12 digits."""
    if isinstance(given, bool):
        return None
    if isinstance(given, WrittenFloat):
        written = given.text
    elif isinstance(given, (str, int)):
        written = str(given)
    else:
        return None
    return Decimal(written) if _DECIMAL.fullmatch(written) else None
