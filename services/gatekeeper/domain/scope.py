"""A notice's scope as terms: what an order or shipment must have for the notice to match it (D6.2)."""

from __future__ import annotations

from collections.abc import Iterable

from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.rule_entities import Notice, Scope

HS_PREFIX_MIN = 2
HS_PREFIX_MAX = 10
"""HS codes are indexed by their prefixes of these lengths; a notice's prefix is cut, or left out, accordingly."""


def hs_digits(hs_code: str) -> str:
    """The code without dots and spaces: "2846.90 19" and "28469019" are one."""
    return "".join(character for character in hs_code if character.isalnum())


def code_prefixes(code: str) -> tuple[str, ...]:
    """Every run of whole dot-separated parts from the start: "1C902.b" -> "1C902", "1C902.b"."""
    parts = code.split(".")
    return tuple(".".join(parts[: count + 1]) for count in range(len(parts)))


def hs_prefixes(hs_code: str) -> tuple[str, ...]:
    digits = hs_digits(hs_code)
    return tuple(digits[:length] for length in range(HS_PREFIX_MIN, min(len(digits), HS_PREFIX_MAX) + 1))


def party_terms(values: Iterable[str]) -> frozenset[str]:
    """A scope's party may be an id or a name: both are looked for."""
    return frozenset(
        term for value in values for term in (f"party:{value}", f"name:{normalise_name(value)}") if term != "name:"
    )


def _prefixed(prefix: str, values: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{prefix}:{value}" for value in values)


def _hs_terms(prefixes: Iterable[str]) -> frozenset[str]:
    digits = [hs_digits(prefix)[:HS_PREFIX_MAX] for prefix in prefixes]
    return frozenset() if any(len(prefix) < HS_PREFIX_MIN for prefix in digits) else _prefixed("hs", digits)


def field_terms(scope: Scope) -> tuple[frozenset[str], ...]:
    """One set of terms for each given field, the most selective first: whatever matches has one of each set."""
    fields = (
        _prefixed("shipment", scope.shipments),
        _prefixed("order", scope.orders),
        _prefixed("licence", scope.licences),
        _prefixed("item", scope.items),
        party_terms(scope.parties),
        _prefixed("code", scope.control_codes),
        _hs_terms(scope.hs_prefixes),
        _prefixed("forwarder", scope.forwarders),
        _prefixed("exporter", scope.exporters),
        _prefixed("enduse", scope.end_uses),
        _prefixed("dest", scope.destinations),
    )
    return tuple(terms for terms in fields if terms)


def selector(notice: Notice) -> frozenset[str]:
    """The terms of the most selective field; empty: anything may match."""
    fields = () if notice.everything else field_terms(notice.scope)
    return fields[0] if fields else frozenset()
