"""Findings of the matching rules, with the subjects of domain.md §2."""

from __future__ import annotations

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.case import CaseLine
from services.gatekeeper.domain.findings import Detail, found
from services.gatekeeper.domain.reasons import Reason


def about_licence(reason: Reason, line: CaseLine, licence_no: str, detail: Detail | None = None) -> Finding:
    """A reason why one line may not go on one licence: subject line_no, licence_no."""
    return found(reason, detail, line_no=line.line_no, licence_no=licence_no)


def about_line(reason: Reason, line: CaseLine, detail: Detail | None = None) -> Finding:
    return found(reason, detail, line_no=line.line_no)


def about_order(reason: Reason, line: CaseLine, detail: Detail | None = None) -> Finding:
    return found(reason, detail, line_no=line.line_no, order_id=line.order_id)


def missing(field: str, line: CaseLine | None = None) -> Finding:
    """MISSING_DATA about `field` of one line, or of the whole."""
    line_no = None if line is None else line.line_no
    return found(Reason.MISSING_DATA, {"field": field}, field=field, line_no=line_no)


def missing_net(line: CaseLine) -> Finding:
    """D3.9: the net quantity counts; the gross never stands in for it."""
    return found(Reason.MISSING_NET, {"field": "net_quantity"}, field="net_quantity", line_no=line.line_no)


def listed(values: tuple[str, ...]) -> str:
    """For people: what a licence names, "none" where it names nothing."""
    return ", ".join(values) if values else "none"
