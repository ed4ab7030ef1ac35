"""What lets goods go to a party on the watch list: an individual licence with both papers on file (ECR 26)."""

from __future__ import annotations

from collections.abc import Iterable

from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import LicenceType

NEAREST = ("nearest_licence", "nearest_line", "nearest_because", "candidates")


def watched_with_care(case: Case, line: CaseLine) -> bool:
    """ECR 26: the line draws on individual licences with both risk report and undertaking on file."""
    licences = _drawn(case, line)
    return bool(licences) and all(_is_enough(licence) for licence in licences)


def wanting(case: Case, lines: Iterable[CaseLine]) -> dict[str, str | None]:
    """For people: which licences of `lines` are to be completed, with what. Of lines that draw on none: the nearest's.

    Detail: `lines`; `drawn_licences`; `no_risk_report` and `no_undertaking`, the individual licences that lack that
    paper; `not_individual`, the licences that no paper makes good; and which licence is nearest where none is drawn.
    """
    unmet = [line for line in lines if line.needs_licence and not watched_with_care(case, line)]
    drawn = [licence for line in unmet for licence in _drawn(case, line) if licence is not None]
    nearest = [case.nearest.get(line.line_no, {}) for line in unmet if not _drawn(case, line)]
    numbers = (told.get("nearest_licence") for told in nearest)
    near = [found for number in numbers if number and (found := case.references.licence(number)) is not None]
    individual = [licence for licence in (*drawn, *near) if licence.type is LicenceType.INDIVIDUAL]
    first = next((told for told in nearest if "nearest_licence" in told), {})
    return {
        **{key: first.get(key) for key in NEAREST},
        "lines": ", ".join(str(line.line_no) for line in unmet),
        "drawn_licences": _numbers(drawn),
        "no_risk_report": _numbers(licence for licence in individual if not licence.risk_report_on_file),
        "no_undertaking": _numbers(licence for licence in individual if not licence.undertaking_on_file),
        "not_individual": _numbers(
            licence for licence in (*drawn, *near) if licence.type is not LicenceType.INDIVIDUAL
        ),
    }


def _drawn(case: Case, line: CaseLine) -> list[Licence | None]:
    """None stands for a licence that nobody knows any more."""
    return [case.references.licence(draw.licence_no) for draw in case.planned if draw.line_no == line.line_no]


def _is_enough(licence: Licence | None) -> bool:
    return (
        licence is not None
        and licence.type is LicenceType.INDIVIDUAL
        and licence.risk_report_on_file
        and licence.undertaking_on_file
    )


def _numbers(licences: Iterable[Licence]) -> str | None:
    return ", ".join(dict.fromkeys(licence.licence_no for licence in licences)) or None
