"""Recorded policies: what each version said, from which rules version on, and who applied it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.store.audit import write_audit
from services.gatekeeper.store.codec import load

Connection = Any
APPLIED = "policy_applied"


@dataclass(frozen=True, slots=True)
class Author:
    """Who applies a policy, and the SHA-256 of the file, in hexadecimal digits."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version of the policy with its origin; of the defaults, version 0, there is none."""

    policy: Policy
    rules_version: int = 0
    since: datetime | None = None
    author: Author | None = None


async def audit_policy(
    connection: Connection, author: Author, policy: Policy, before: Policy, rules_version: int
) -> None:
    """Who put `policy` in effect in place of `before`, in the caller's transaction."""
    detail = {"sha256": author.sha256, "replaced_version": before.version, "rules_version": rules_version}
    await write_audit(connection, author.name, APPLIED, _subject(policy.version), detail)


async def recorded_policy(connection: Connection, version: int | None = None) -> Recorded | None:
    """That version of the policy, or the one in effect; None when there never was such a version."""
    row = await connection.fetchrow(
        "SELECT body, rules_version, recorded_at, version FROM rule_row WHERE kind = $1"
        " AND ($2::bigint IS NULL OR version = $2) ORDER BY seq DESC LIMIT 1",
        RuleKind.POLICY.value,
        version,
    )
    if row is None:
        return Recorded(Policy()) if not version else None
    audited = await connection.fetchrow(
        "SELECT actor, detail FROM audit WHERE action = $1 AND subject = $2 ORDER BY seq DESC LIMIT 1",
        APPLIED,
        _subject(row["version"]),
    )
    author = Author(audited["actor"], json.loads(audited["detail"])["sha256"]) if audited is not None else None
    return Recorded(load(Policy, row["body"]), row["rules_version"], row["recorded_at"], author)


def _subject(version: int) -> str:
    return f"policy {version}"
