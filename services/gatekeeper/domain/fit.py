"""Field by field: does a licence line mean this line's parties, use, place and day (D3.4, D3.8)?"""

from __future__ import annotations

from collections.abc import Iterator

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.findings import LINES, Detail, found
from services.gatekeeper.domain.meant import described, means, missing_party, shown
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_licence, listed, missing
from services.gatekeeper.domain.vocabulary import LicenceStatus, Place

STATUS_REASONS = {
    LicenceStatus.REVOKED: Reason.LICENCE_REVOKED,
    LicenceStatus.SUSPENDED: Reason.LICENCE_SUSPENDED,
    LicenceStatus.RETURNED: Reason.LICENCE_RETURNED,
    LicenceStatus.CHANGE_PENDING: Reason.LICENCE_CHANGE_PENDING,
}


def status_findings(line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    licence = candidate.licence
    reason = STATUS_REASONS.get(licence.status)
    if reason is not None:
        detail = {
            "status": licence.status.value,
            "authority_time": licence.authority_time.isoformat(),
            "version": str(licence.version),
        }
        yield about_licence(reason, line, licence.licence_no, detail)
    if licence.conflict:
        detail = {"version": str(licence.version), "authority_time": licence.authority_time.isoformat()}
        detail[LINES] = str(line.line_no)
        if licence.restated:
            detail["restated"] = ", ".join(map(str, licence.restated))
        yield found(Reason.LICENCE_CONFLICT, detail, licence_no=licence.licence_no)


def date_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """The licence must be valid on every day that counts (D3.8), both ends inclusive.

    Detail `days_short`: by how many days it misses; `lifts_on`: the day on which a licence to come begins, for goods
    that are still there.
    """
    licence = candidate.licence
    detail = {"valid_from": licence.valid_from.isoformat(), "valid_until": licence.valid_until.isoformat()}
    early = [day for day in case.days if day < licence.valid_from]
    late = [day for day in case.days if day > licence.valid_until]
    if early:
        begins = detail["valid_from"] if case.place is Place.BEFORE_DEPARTURE else None
        missed = {"day": early[0].isoformat(), "days_short": str((licence.valid_from - early[0]).days)}
        yield about_licence(
            Reason.LICENCE_NOT_YET_VALID, line, licence.licence_no, {**detail, **missed, "lifts_on": begins}
        )
    if late:
        missed = {"day": late[-1].isoformat(), "days_short": str((late[-1] - licence.valid_until).days)}
        yield about_licence(Reason.LICENCE_EXPIRED, line, licence.licence_no, {**detail, **missed})


def fixed_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """Why `line` doesn't fit whatever it asks for: status, fields and dates."""
    yield from status_findings(line, candidate)
    yield from field_findings(case, line, candidate)
    yield from date_findings(case, line, candidate)


def field_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """Every field that the licence line fixes and that doesn't fit; what is absent is MISSING_DATA instead."""
    yield from _item_findings(case, line, candidate)
    yield from _party_findings(case, line, candidate)
    yield from _use_and_place_findings(case, line, candidate)


def _item_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    licence, granted = candidate.licence, candidate.line
    if case.exporter_id is None:
        yield missing("exporter_id")
    elif case.exporter_id != licence.exporter_id:
        detail = {"exporter_id": case.exporter_id, "licensed": licence.exporter_id}
        yield about_licence(Reason.EXPORTER_MISMATCH, line, licence.licence_no, detail)
    if not candidate.covers_all:
        codes = granted.control_codes
        told: Detail = {
            "item_no": line.item_no,
            "control_codes": listed(line.codes_in_force),
            "licence_line": str(granted.line_no),
            "licensed_codes": listed(codes),
            "licensed_items": listed(granted.item_nos),
            "missing_codes": ", ".join(code for code in line.codes_in_force if code not in codes) or None,
        }
        yield about_licence(Reason.ITEM_MISMATCH, line, licence.licence_no, told)


def _party_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """An empty list doesn't limit, except end users: empty there fits nobody."""
    licence = candidate.licence
    fields = (
        ("end_user", licence.end_users, True, Reason.END_USER_MISMATCH),
        ("importer", licence.importers, bool(licence.importers), Reason.IMPORTER_MISMATCH),
        ("consignee", licence.consignees, bool(licence.consignees), Reason.CONSIGNEE_MISMATCH),
    )
    for role, licensed, limits, reason in fields:
        if not limits:
            continue
        ref = line.parties.get(role)
        if ref is None or not described(case.references, ref):
            yield missing_party(role, ref, line)
        elif not means(case.references, ref, licensed):
            yield about_licence(reason, line, licence.licence_no, {role: shown(ref), "licensed": listed(licensed)})


def _use_and_place_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """Empty end uses and destinations fit nothing; free text never counts."""
    licence = candidate.licence
    code = line.end_use.code if line.end_use is not None else None
    if code is None:
        yield missing("end_use", line)
    elif code not in licence.end_uses:
        detail = {"end_use": code, "licensed": listed(licence.end_uses)}
        yield about_licence(Reason.END_USE_MISMATCH, line, licence.licence_no, detail)
    if line.destination is None:
        yield missing("destination", line)
    elif line.destination not in licence.destinations:
        detail = {"destination": line.destination, "licensed": listed(licence.destinations)}
        yield about_licence(Reason.DESTINATION_MISMATCH, line, licence.licence_no, detail)
    barred = tuple(country for country in case.transit if country in licence.prohibited_transit)
    if barred:
        detail = {"transit": listed(barred), "barred": listed(licence.prohibited_transit)}
        yield about_licence(Reason.TRANSIT_PROHIBITED, line, licence.licence_no, detail)
