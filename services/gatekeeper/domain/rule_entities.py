"""Rule entities: licences, lists, items, controls, statements, rates, feeds, notices …, each at one version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.vocabulary import (
    Classification,
    ControlKind,
    LicenceStatus,
    LicenceType,
    ListEffect,
    ListName,
    NoticeOrigin,
    Period,
    StatementStatus,
)


@dataclass(frozen=True, slots=True)
class Window:
    """Asia/Shanghai days, both ends inclusive; `until` None has no end."""

    start: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class LicenceLine:
    """What one line of a licence covers and grants (D3.4, D3.9)."""

    line_no: int
    control_codes: tuple[str, ...]
    item_nos: tuple[str, ...]
    quantity: Quantity
    value: Money
    tolerance_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class PeriodLimit:
    line_no: int
    quantity: Quantity
    period: Period


@dataclass(frozen=True, slots=True)
class Licence:
    """`conflict`: the same number and version came with other content, or a later version that can't count what is
    drawn, since its lines `restated` have another unit or currency (LICENCE_CONFLICT). One of them that the
    stored version had dropped is there again, granting nothing.

    `as_issued`: this version as it came, where a later one that is dated ahead narrows it meanwhile (D7.3).
    """

    licence_no: str
    version: int
    authority_time: datetime
    type: LicenceType
    status: LicenceStatus
    exporter_id: str
    end_users: tuple[str, ...]
    end_uses: tuple[str, ...]
    destinations: tuple[str, ...]
    importers: tuple[str, ...]
    consignees: tuple[str, ...]
    prohibited_transit: tuple[str, ...]
    valid_from: date
    valid_until: date
    max_uses: int | None
    lapses_on_completion: bool
    answers_notices: tuple[str, ...]
    supersedes: tuple[str, ...]
    risk_report_on_file: bool
    undertaking_on_file: bool
    period_limits: tuple[PeriodLimit, ...]
    lines: tuple[LicenceLine, ...]
    conflict: bool = False
    as_issued: Licence | None = None
    restated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Owner:
    party_id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Party:
    party_id: str
    version: int
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    country: str
    identifiers: tuple[Identifier, ...] = ()
    owners: tuple[Owner, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListEntry:
    entry_id: str
    version: int
    list: ListName
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    country: str | None
    effective_from: date
    effective_until: date | None
    suspensions: tuple[Window, ...]
    effect: ListEffect
    authority_ref: str


@dataclass(frozen=True, slots=True)
class UnitFactor:
    """One `unit` of the item equals `equals` (D3.9)."""

    unit: str
    equals: Quantity


@dataclass(frozen=True, slots=True)
class Item:
    item_no: str
    version: int
    classification: Classification
    control_codes: tuple[str, ...] = ()
    unit_factors: tuple[UnitFactor, ...] = ()
    hs_code: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    control_code: str
    version: int
    kind: ControlKind
    effective_from: date
    effective_until: date | None
    suspensions: tuple[Window, ...]
    prohibited_destinations: tuple[str, ...]
    prohibited_end_uses: tuple[str, ...]
    prohibited_end_user_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """An end-user statement (ECR 24, 25)."""

    statement_no: str
    version: int
    end_user: str
    end_uses: tuple[str, ...]
    valid_until: date
    status: StatementStatus


@dataclass(frozen=True, slots=True)
class FxRate:
    """1 `base` = `rate` `quote`."""

    rate_id: str
    version: int
    base: str
    quote: str
    rate: Decimal
    as_of: date


@dataclass(frozen=True, slots=True)
class Feed:
    feed: str
    version: int
    as_of: datetime
    entries: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a notice stops: every field given must match, inside a field any value (D6.2)."""

    parties: tuple[str, ...] = ()
    exporters: tuple[str, ...] = ()
    forwarders: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    control_codes: tuple[str, ...] = ()
    hs_prefixes: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    end_uses: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    shipments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A stop notice, or its lift, at one version (domain.md §6).

    `starts_at` is the given `effective_from`; None means at once, for every decision whose rules version reaches it
    (clocks are not compared then). `recorded_at` is the event's own time, the notice's start where none is given.
    `lifted` True: this version is a lift; the other fields are those of the version that it lifts, or defaults.
    """

    notice_id: str
    version: int
    origin: NoticeOrigin
    authority_ref: str
    text: tuple[tuple[str, str], ...]
    recorded_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    everything: bool
    release_by_licence: bool
    release_by_review: bool
    scope: Scope
    lifted: bool = False
    lift_reason: str | None = None
    by_http: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that people keep elsewhere; `sha256` in hexadecimal."""

    reference: str
    sha256: str


@dataclass(frozen=True, slots=True)
class MistakenIdentity:
    """Two people found that `party_id` is not whom this version of the entry means (D5.5). No exemption: a finding.

    `by`: who asked and who approved. `withdrawn` True: this version takes the finding back.
    """

    party_id: str
    entry_id: str
    entry_version: int
    version: int
    by: tuple[str, ...]
    recorded_at: datetime
    evidence: tuple[Evidence, ...] = ()
    text: str = ""
    withdrawn: bool = False

    @property
    def key(self) -> str:
        return mistaken_identity_key(self.party_id, self.entry_id)


def mistaken_identity_key(party_id: str, entry_id: str) -> str:
    """One key for one pair, whatever the ids contain: "ALPHA/CL-17"."""
    return f"{quote(party_id, safe='')}/{quote(entry_id, safe='')}"


RuleEntity = (
    Licence | Party | ListEntry | Item | Control | Statement | FxRate | Feed | Notice | Policy | MistakenIdentity
)
