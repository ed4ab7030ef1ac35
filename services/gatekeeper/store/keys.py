"""API keys: 256 random bits of which only the SHA-256 is kept, bound to a principal, its scopes and what it sees."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.store.audit import write_audit
from services.kit.postgres import Database

Connection = Any
TOKEN_PREFIX = "hg"
SECRET_BYTES = 32
LAST_USED_SECONDS = 60
NAME_CHARS_MAX = 200
_TOKEN = re.compile(r"hg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)

SCOPES = (
    "shipments:read",
    "notices:read",
    "notices:write",
    "holds:write",
    "holds:release",
    "assess",
    "licences:read",
    "reports:write",
    "ops:admin",
    "audit:read",
    "webhooks:manage",
)
"""Every scope there is (contracts.md §4)."""


class KeyRefused(ValueError):
    """A key that can't be made so; the message says why."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Whose shipments may be seen: those of any of these forwarders or exporters; both None: everybody's.

    Every query about shipments, licences and notices takes one; there is no default.
    """

    forwarder_ids: frozenset[str] | None
    exporter_ids: frozenset[str] | None

    @classmethod
    def everything(cls) -> Visibility:
        return cls(None, None)

    @classmethod
    def of(cls, forwarder_ids: Collection[str], exporter_ids: Collection[str]) -> Visibility:
        """What a key with these lists sees: everything when both are empty."""
        if not forwarder_ids and not exporter_ids:
            return cls.everything()
        return cls(frozenset(forwarder_ids), frozenset(exporter_ids))

    @property
    def sees_everything(self) -> bool:
        return self.forwarder_ids is None and self.exporter_ids is None

    def shows(self, forwarder_id: str | None, exporter_id: str | None) -> bool:
        """Whether a shipment of this forwarder and exporter may be seen."""
        return self.sees_everything or (
            forwarder_id in (self.forwarder_ids or ()) or exporter_id in (self.exporter_ids or ())
        )

    def arguments(self) -> tuple[bool, list[str], list[str]]:
        """For SQL: sees everything, forwarder ids, exporter ids."""
        return self.sees_everything, sorted(self.forwarder_ids or ()), sorted(self.exporter_ids or ())


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never its secret."""

    key_id: str
    principal: str
    scopes: tuple[str, ...]
    forwarder_ids: tuple[str, ...]
    exporter_ids: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def visibility(self) -> Visibility:
        return Visibility.of(self.forwarder_ids, self.exporter_ids)


_COLUMNS = "key_id, principal, scopes, forwarder_ids, exporter_ids, created_at, expires_at, revoked_at, last_used_at"


async def create_key(
    database: Database,
    principal: str,
    scopes: Collection[str],
    forwarder_ids: Collection[str] = (),
    exporter_ids: Collection[str] = (),
    expires_at: datetime | None = None,
    *,
    actor: str = "operator",
) -> tuple[str, str]:
    """Make a key; its id and the token, which is shown once and can't be found again.

    Raises KeyRefused for an unknown scope, an empty principal, no scope at all, or an expiry without offset.
    """
    _check(principal, scopes, [*forwarder_ids, *exporter_ids], expires_at)
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES)
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO api_key (key_id, secret_hash, principal, scopes, forwarder_ids, exporter_ids, created_at,"
            " expires_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7)",
            key_id,
            _digest(secret),
            principal,
            sorted(set(scopes)),
            sorted(set(forwarder_ids)),
            sorted(set(exporter_ids)),
            expires_at,
        )
        await write_audit(tx, actor, "key_created", key_id, {"principal": principal, "scopes": sorted(set(scopes))})
    return key_id, f"{TOKEN_PREFIX}_{key_id}_{secret}"


def _check(principal: str, scopes: Collection[str], ids: Collection[str], expires_at: datetime | None) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise KeyRefused(f"unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}")
    if not scopes:
        raise KeyRefused("a key needs at least one scope")
    for name in (principal, *ids):
        if not 1 <= len(name) <= NAME_CHARS_MAX or "\x00" in name:
            raise KeyRefused("a principal, forwarder or exporter is named by 1 to 200 characters")
    if expires_at is not None and expires_at.utcoffset() is None:
        raise KeyRefused("the expiry needs an offset")


async def list_keys(database: Database) -> list[ApiKey]:
    """Every key, oldest first, revoked and expired ones too."""
    async with database.reading() as connection:
        rows = await connection.fetch(f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, key_id")
    return [_key(row) for row in rows]


async def revoke_key(database: Database, key_id: str, *, actor: str = "operator") -> bool:
    """Revoke a key at once and for good; False when there is none that is not revoked yet."""
    async with database.transaction() as tx:
        done = await tx.fetchval(
            "UPDATE api_key SET revoked_at = clock_timestamp() WHERE key_id = $1 AND revoked_at IS NULL"
            " RETURNING principal",
            key_id,
        )
        if done is not None:
            await write_audit(tx, actor, "key_revoked", key_id, {"principal": done})
    return done is not None


async def key_of_token(database: Database, token: str) -> ApiKey | None:
    """The key of `token` if it is right, not revoked and not expired by the database's clock; else None.

    Notes the use, at most once a minute for each key. One comparison takes place whether the key exists or not.
    """
    shape = _TOKEN.fullmatch(token)
    key_id, secret = shape.groups() if shape else ("", "")
    async with database.reading() as connection:
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS}, secret_hash, (revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true))"
            " AS usable, coalesce(last_used_at < clock_timestamp() - make_interval(secs => $2), true) AS unnoted"
            " FROM api_key WHERE key_id = $1",
            key_id,
            float(LAST_USED_SECONDS),
        )
    right = hmac.compare_digest(row["secret_hash"] if row else bytes(32), _digest(secret))
    if row is None or not right or not row["usable"]:
        return None
    if row["unnoted"]:
        await _note_use(database, key_id)
    return _key(row)


async def _note_use(database: Database, key_id: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE api_key SET last_used_at = clock_timestamp() WHERE key_id = (SELECT key_id FROM api_key"
            " WHERE key_id = $1 AND coalesce(last_used_at < clock_timestamp() - make_interval(secs => $2), true)"
            " FOR NO KEY UPDATE SKIP LOCKED)",
            key_id,
            float(LAST_USED_SECONDS),
        )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row["key_id"],
        row["principal"],
        tuple(row["scopes"]),
        tuple(row["forwarder_ids"]),
        tuple(row["exporter_ids"]),
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
        row["last_used_at"],
    )
