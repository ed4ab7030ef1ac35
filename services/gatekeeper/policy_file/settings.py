"""Every setting of the policy file in one table: how it is written, what it does and why (domain.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gatekeeper.domain.feeds import RATE_FEED
from services.gatekeeper.domain.parties import FORWARDER
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.unreadable import ALERT_ONLY
from services.gatekeeper.domain.vocabulary import ListName
from services.gatekeeper.policy_file import kinds
from services.gatekeeper.policy_file.kinds import Kind

VERSION_MAX = 9_999_999_999
"""Room for a date with a counter, and far below what the database can hold: there always is a next one."""
FEEDS = (*(name.value for name in ListName), "CONTROLS", RATE_FEED)
ROLES = ("carrier", "broker", "bank", FORWARDER)
STOP_RELEASES = "stop_releases"
DEFAULTS = Policy()


@dataclass(frozen=True, slots=True)
class Setting:
    """`rules`: what of the rulebook reads it. `why`: the legal or practical reason for it and for its default.

    `example`: a value, in YAML, that is not the default.
    """

    name: str
    kind: Kind
    what: str
    rules: str
    why: str
    example: str

    @property
    def default(self) -> Any:
        return getattr(DEFAULTS, self.name)


VERSION = Setting(
    "version",
    kinds.whole(1, VERSION_MAX),
    "The number of this edition of the policy. It must be given, and rise with every change.",
    "every decision",
    "Whoever has to account for a decision (notice §6, §7) must be able to say by which policy it was taken; one"
    " number never stands for two contents.",
    "2",
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "combine_licences",
        kinds.flag(),
        "Whether one line may draw on several licences, each giving what it has left, value in proportion.",
        "D3.7",
        "A licence permits the export that it describes (ECR 15, 18), so one line draws on one licence unless the"
        " exporter has made sure that its licences may be used side by side.",
        "true",
    ),
    Setting(
        "feed_max_age_hours",
        kinds.each(FEEDS, "feed", kinds.whole(1, 8_784, unit="hours")),
        "How old a feed may be, by its own `as_of`. One that is named here and is older, or was never refreshed, gives"
        " REFERENCE_UNAVAILABLE: CONTROL_LIST, WATCH_LIST, INTERNAL and CONTROLS on lines that leave the territory,"
        " FX_RATES on lines that need a rate.",
        "REFERENCE_UNAVAILABLE, FEED_STALE (D4.9), D1.7",
        "The duties towards listed parties and controlled codes (ECL 12, 18; ECR 26, 28–30) hold from the day of the"
        " listing: a list that stood still clears nobody. Empty by default, because how often a feed comes is agreed"
        " with who delivers it, and a limit that is too short stops all trade.",
        "{CONTROL_LIST: 24, WATCH_LIST: 24}",
    ),
    Setting(
        "fx_max_age_days",
        kinds.or_off(kinds.whole(0, 366, unit="days")),
        "How many days before today a rate may be from, to compare a value with a licence in another currency. 0: of"
        " today or later.",
        "D3.10, FX_UNAVAILABLE",
        "The value that a licence permits is a limit like its quantity (ECR 15, 39); an old rate hides that it is"
        " exceeded. Off by default: which rate is good enough is an agreement of the exporter's, and rates pause on"
        " holidays.",
        "5",
    ),
    Setting(
        "catch_all_end_uses",
        kinds.texts("end use codes"),
        "End uses for which an unlisted item is held with CATCH_ALL until a licence names it.",
        "CATCH_ALL",
        "Unlisted goods need a licence, too, when they may serve what endangers national security or interests, weapons"
        " of mass destruction or terrorism (ECL 12(3); ECR 14; notice §2, §6). Which codes of the exporter's stand for"
        " that only the exporter knows.",
        "[MISSILE, NUCLEAR]",
    ),
    Setting(
        "catch_all_terms",
        kinds.texts("terms"),
        "Words that, found in the text of the end use, hold an unlisted item with CATCH_ALL.",
        "CATCH_ALL",
        "What the customer writes may say more than the code that was chosen (ECL 12(3); ECR 14; notice §4 asks to find"
        " sensitive uses). Terms depend on trade and language, so there is none by default.",
        "[missile, 导弹]",
    ),
    Setting(
        "catch_all_parties",
        kinds.texts("party ids"),
        "Parties of concern: what is unlisted and goes to one of them is held with CATCH_ALL until a licence names it.",
        "CATCH_ALL",
        "The exporter that knows, or was told by the ministry, that a party is a risk must not deliver unlisted goods"
        " either (ECL 12(3); ECR 14; notice §6).",
        "[ALPHA]",
    ),
    Setting(
        "split_limit",
        kinds.or_off(kinds.quantity()),
        "How much of the uncontrolled items of one family one end user may get within `split_window_days` before the"
        " rest is held with SPLIT_SUSPECTED.",
        "SPLIT_SUSPECTED",
        "Splitting an export to stay below notice is a way around the licence (ECR 39; notice §4 warns of illicit"
        " procurement). The limit depends on the goods; off by default, and what it finds a person may release.",
        '{value: "500", unit: KGM}',
    ),
    Setting(
        "split_window_days",
        kinds.whole(1, 366, unit="days"),
        "Over how many days `split_limit` adds up; without a limit it does nothing.",
        "SPLIT_SUSPECTED",
        "Practical: a month is the rhythm of most repeat orders; shorter windows are easy to wait out (ECR 39).",
        "90",
    ),
    Setting(
        "ownership_percent",
        kinds.or_off(kinds.percent()),
        "From which share on the listing of an owner reaches the party that it owns, as PARTY_REVIEW.",
        "D5.3",
        "The lists name whom they name; whether a party in a listed owner's hand is meant is a question for people"
        " (ECL 18; ECR 28–30; notice §4), so this only asks for a review. Off by default: it needs ownership data that"
        " somebody keeps.",
        '"50"',
    ),
    Setting(
        "name_match_threshold",
        kinds.or_off(kinds.whole(0, 100)),
        "From which likeness of names on (rapidfuzz token-sort ratio, 100: the same words) a list entry that does not"
        " hit exactly gives PARTY_REVIEW.",
        "D3.4, D5.1",
        "A party may be written otherwise than its entry (notice §4 asks to find sensitive users). Off by default:"
        " every likeness costs somebody a review. It may add a hold and never satisfies a licence.",
        "90",
    ),
    Setting(
        "service_party_roles",
        kinds.texts("service roles", ROLES),
        "In which service roles parties are screened: a hit, or a party id that nobody described, gives PARTY_REVIEW.",
        "D3.4, D5.3",
        "Nobody may provide agency, freight, delivery, customs-broking, platform or financial services to a violation"
        " (notice §4), so all are screened by default; a role whose parties are screened elsewhere may be left out.",
        "[carrier, forwarder]",
    ),
    Setting(
        "future_event_tolerance_minutes",
        kinds.whole(0, 1_440, unit="minutes"),
        "How far ahead of the clock the time of a fact may lie and still count at once. Beyond, it counts when its time"
        " comes; what can only add a hold counts at once.",
        "D7.3",
        "Practical: clocks of other systems are some minutes off; hours are a mistake that must not free goods.",
        "5",
    ),
    Setting(
        "customs_challenge_days",
        kinds.whole(1, 60, unit="working days"),
        "Within how many working days a challenge by customs is to be answered.",
        "CUSTOMS_CHALLENGE",
        "Customs may ask whether goods need a licence, and they stay until that is settled; the question has a time"
        " limit in working days (ECR 22), seven by default. Which days are working days is data.",
        "5",
    ),
    Setting(
        "review_valid_days",
        kinds.whole(1, 366, unit="days"),
        "For how many days the exemption that two people granted counts, while the facts that they saw stand.",
        "D1.4",
        "Practical: what was judged harmless has to be looked at again from time to time (notice §4 asks for a"
        " compliance programme that works); a month covers the time from review to departure.",
        "14",
    ),
    Setting(
        "unreadable_notice",
        kinds.one_of(STOP_RELEASES, ALERT_ONLY),
        "What an unreadable notice, list entry or control does: stop_releases holds what is not released yet with"
        " EVENT_UNREADABLE until it is repaired or dropped; alert_only tells people and lets trade go on.",
        "D8.4",
        "It may be the very stop that has to be obeyed at once (notice §6; ECL 12; ECR 14, 35), so doubt stops by"
        " default. alert_only is for those who have people at hand around the clock.",
        ALERT_ONLY,
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in (VERSION, *SETTINGS)}


def plain(value: Any) -> Any:
    """A setting's value as JSON and YAML write it: decimals as text, lists, mappings."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Quantity):
        return {"value": f"{value.value:f}", "unit": value.unit}
    return f"{value:f}"


def differing(policy: Policy, other: Policy) -> tuple[Setting, ...]:
    """The settings that say another thing in `policy` than in `other`; the order of a list says nothing."""
    return tuple(one for one in SETTINGS if _meant(getattr(policy, one.name)) != _meant(getattr(other, one.name)))


def _meant(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value
