"""END_USE_CHANGED, END_USER_CHANGED: other facts than those that were released (ECR 18(2), 25)."""

from __future__ import annotations

from collections.abc import Iterator

from services.gatekeeper.domain.aggregates import Finding, LicenceCovered
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import concern_of, parties_read, text_read
from services.gatekeeper.domain.meant import end_user_of
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line


def covered_lines(case: Case) -> tuple[LicenceCovered, ...]:
    """What a release of this case would stand for, line by line."""
    return tuple(_covered(case, line) for line in case.lines)


def _covered(case: Case, line: CaseLine) -> LicenceCovered:
    licensed = line.needs_licence or bool(concern_of(case, line))
    return LicenceCovered(
        line_no=line.line_no,
        end_user=end_user_of(case.references, line),
        end_use=_end_use(line),
        item_no=line.item_no,
        licensed=licensed,
        leaves=case.leaves_territory,
        given=tuple(
            (draw.licence_no, draw.licence_line, draw.quantity, draw.value)
            for draw in case.planned
            if draw.line_no == line.line_no
        ),
        text=None if licensed else text_read(line),
        parties=None if licensed else parties_read(case, line),
    )


def changed_after_release(case: Case) -> Iterator[Finding]:
    """On lines that need a licence, while no licence fits the new facts; lifts when one does or the old ones return.

    What is absent now is MISSING_DATA, no change.
    """
    if case.shipment is None:
        return
    released = {known.line_no: known for known in case.shipment.released_as}
    for line in case.lines:
        known = released.get(line.line_no)
        if known is None or not line.needs_licence or not _is_uncovered(case, line):
            continue
        end_user, end_use = end_user_of(case.references, line), _end_use(line)
        if None not in (known.end_use, end_use) and known.end_use != end_use:
            yield about_line(Reason.END_USE_CHANGED, line, {"released": known.end_use, "now": end_use})
        if None not in (known.end_user, end_user) and known.end_user != end_user:
            detail = {"released": _readable(known.end_user), "now": _readable(end_user)}
            yield about_line(Reason.END_USER_CHANGED, line, detail)


def _is_uncovered(case: Case, line: CaseLine) -> bool:
    """Whether a licence reason stands against the line, or against a licence or the whole."""
    return any(dict(found.subject).get("line_no", line.line_no) == line.line_no for found in case.licence_findings)


def _readable(end_user: str | None) -> str:
    """For people: `meant.end_user_of` marks names, and joins ids that share one."""
    return (end_user or "").removeprefix("name:").rstrip("/").replace("|", " / ")


def _end_use(line: CaseLine) -> str | None:
    return line.end_use.code if line.end_use is not None else None
