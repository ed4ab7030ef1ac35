"""Deciding again from what was recorded, and where the answer is another one (design.md §4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.deciding import Conclusion, conclude
from services.gatekeeper.domain.families import recorded_families
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.workspace import Decision, Failure, Verdict

ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was recorded one way and comes out another: `stored` and `replayed` in words, "-" for nothing."""

    what: str
    stored: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Replay:
    """`failed_then`: a rule raised when it was decided, and raises no more; `differences` then are those from what
    had to follow from that failure."""

    verdict: Verdict
    differences: tuple[Difference, ...]
    failed_then: bool = False


def replay(decision: Decision, references: References, policy: Policy) -> Replay:
    """Decides again, with `references` at the decision's rules version and the `policy` of then."""
    conclusion = _again(decision, references, policy, None)
    failed_then = decision.failure is not None and conclusion.failure is None
    if failed_then:
        conclusion = _again(decision, references, policy, decision.failure)
    return Replay(conclusion.verdict, tuple(_differences(decision, conclusion, policy)), failed_then)


def _again(decision: Decision, references: References, policy: Policy, failure: Failure | None) -> Conclusion:
    accounts = {account.licence_no: account for account in decision.seen.accounts}
    families = recorded_families(decision.seen.families)
    return conclude(decision.seen, references, policy, accounts, families, failure)


def _differences(decision: Decision, conclusion: Conclusion, policy: Policy) -> Iterator[Difference]:
    stored, again = decision.verdict, conclusion.verdict
    yield from _compared("policy_version", str(decision.policy_version), str(policy.version))
    yield from _compared("failure", _failed(decision.failure), _failed(conclusion.failure))
    yield from _compared("state", stored.state, again.state)
    yield from _by_key("finding", _findings(stored.findings), _findings(again.findings))
    yield from _by_key("draw", _draws(stored.draws), _draws(again.draws))
    yield from _by_key(
        "read", _read(decision), {f"{kind} {key}": str(no) for kind, key, no in conclusion.assessment.read}
    )


def _compared(what: str, stored: str, replayed: str) -> Iterator[Difference]:
    if stored != replayed:
        yield Difference(what, stored, replayed)


def _by_key(what: str, stored: Mapping[str, str], replayed: Mapping[str, str]) -> Iterator[Difference]:
    for key in sorted(stored.keys() | replayed.keys()):
        yield from _compared(f"{what} {key}", stored.get(key, ABSENT), replayed.get(key, ABSENT))


def _failed(failure: Failure | None) -> str:
    return ABSENT if failure is None else f"{failure.rule}: {failure.error}"


def _findings(findings: Iterable[Finding]) -> dict[str, str]:
    """In words, by reason and subject."""
    return {
        " ".join((found.reason.value, *(f"{key}={value}" for key, value in found.subject))): json.dumps(
            {**found.detail, "review_allowed": found.review_allowed}, ensure_ascii=False, sort_keys=True
        )
        for found in findings
    }


def _draws(draws: Iterable[Draw]) -> dict[str, str]:
    """In words, by line and licence line."""
    return {
        f"line={draw.line_no} licence={draw.licence_no}/{draw.licence_line}": (
            f"{draw.balance.value} {draw.quantity.value:f} {draw.quantity.unit}, {draw.value.amount:f}"
            f" {draw.value.currency}, rate {draw.rate_id or ABSENT}, day {draw.day or ABSENT}"
        )
        for draw in draws
    }


def _read(decision: Decision) -> dict[str, str]:
    return {f"{kind} {key}": str(version) for kind, key, version in decision.read}
