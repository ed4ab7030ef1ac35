"""What the status answer says about shipments, and whether anything undecided touches them (design.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.keys import Visibility

Connection = Any
RECHECK_DUE = "RECHECK_DUE"
RULE_CHANGE = "RULE_CHANGE"
LANE_STOPPED = "LANE_STOPPED"


class NotThePrimary(Exception):
    """This connection leads to a standby; a status is only ever read from the primary."""


@dataclass(frozen=True, slots=True)
class ShipmentStatus:
    """`pending`: LANE_STOPPED, RECHECK_DUE or RULE_CHANGE when what is stored may be outdated, else None."""

    shipment_id: str
    state: str
    milestone: str | None
    holds: tuple[Hold, ...]
    sequence: int
    decided_at: str | None
    rules_version: int
    pending: str | None


@dataclass(frozen=True, slots=True)
class Statuses:
    """`found` has one entry for each id that was asked and may be seen; all of it is so at `as_of`."""

    found: dict[str, ShipmentStatus]
    as_of: datetime
    rules_version: int


# Everything in one statement, thus in one snapshot: a rule change brings its task in its own transaction, so either
# both are seen here or neither. A task that has stored its items is pending for those that are left, and no other; one
# that has not, for whatever its terms touch. A sweep is over for who was decided with its rules already (`beyond`); of
# other tasks the rules version tells nothing. A shipment whose terms are missing is taken to be touched. In a stopped
# lane nothing is judged, and the database may be an old one: whatever is stored there may be outdated.
_STATUSES = """
WITH moment AS MATERIALIZED (
    SELECT coalesce($2::timestamptz, clock_timestamp()) AS as_of
), seen AS MATERIALIZED (
    SELECT shipment_id, state, sequence, rules_version, recheck_at, body->'progress'->>'milestone' AS milestone,
           body->>'holds' AS holds, body->>'decided_at' AS decided_at,
           EXISTS (SELECT 1 FROM lane WHERE lane.lane = shipment.lane AND lane.stopped IS NOT NULL) AS stopped
    FROM shipment
    WHERE shipment_id = ANY($1::text[]) AND sequence > 0
      AND ($3::bool OR forwarder_id = ANY($4::text[]) OR exporter_id = ANY($5::text[]))
), unfinished AS MATERIALIZED (
    SELECT task_id, touches, items_stored,
           CASE WHEN kind = 'SWEEP' THEN rules_version ELSE 9223372036854775807 END AS beyond
    FROM task WHERE done_at IS NULL AND can_add_hold
), terms AS MATERIALIZED (
    SELECT t.owner_id AS shipment_id, seen.rules_version, t.terms
    FROM scope_terms AS t JOIN seen ON t.owner_id = seen.shipment_id
    WHERE t.owner = 'shipment' AND EXISTS (SELECT 1 FROM unfinished WHERE NOT items_stored)
), alternative AS MATERIALIZED (
    SELECT u.task_id, u.beyond, a.n, a.all_of, jsonb_array_length(a.all_of) AS sets
    FROM unfinished AS u CROSS JOIN jsonb_array_elements(u.touches) WITH ORDINALITY AS a(all_of, n)
    WHERE NOT u.items_stored
), wanted AS MATERIALIZED (
    SELECT a.task_id, a.beyond, a.n, a.sets, s.set_no, w.term
    FROM alternative AS a CROSS JOIN jsonb_array_elements(a.all_of) WITH ORDINALITY AS s(one_of, set_no)
    CROSS JOIN jsonb_array_elements_text(s.one_of) AS w(term)
), touched AS (
    SELECT s.shipment_id FROM seen AS s JOIN alternative AS a ON a.beyond > s.rules_version
    WHERE a.sets = 0 OR NOT EXISTS (SELECT 1 FROM terms WHERE terms.shipment_id = s.shipment_id)
    UNION
    SELECT shipment_id FROM (
        SELECT t.shipment_id FROM terms AS t CROSS JOIN unnest(t.terms) AS own(term) JOIN wanted AS w USING (term)
        WHERE w.beyond > t.rules_version
        GROUP BY t.shipment_id, w.task_id, w.n, w.sets HAVING count(DISTINCT w.set_no) = w.sets
    ) AS by_terms
    UNION
    SELECT s.shipment_id FROM seen AS s JOIN sweep_item AS i ON i.owner = 'shipment' AND i.owner_id = s.shipment_id
    JOIN unfinished AS u ON u.task_id = i.task_id AND u.beyond > s.rules_version
)
SELECT m.as_of, r.rules_version AS rules_in_effect, pg_is_in_recovery() AS standby, s.shipment_id, s.state,
       s.sequence, s.rules_version, s.milestone, s.holds, s.decided_at,
       CASE WHEN s.stopped THEN 'LANE_STOPPED'
            WHEN s.recheck_at <= m.as_of THEN 'RECHECK_DUE' WHEN t.shipment_id IS NOT NULL THEN 'RULE_CHANGE' END
         AS pending
FROM moment AS m CROSS JOIN rules_state AS r LEFT JOIN seen AS s ON true LEFT JOIN touched AS t USING (shipment_id)
"""


async def read_statuses(
    connection: Connection, shipment_ids: Sequence[str], visibility: Visibility, at: datetime | None
) -> Statuses:
    """Status of those of `shipment_ids` that exist and that `visibility` shows; the others are simply not `found`.

    `at` None: the database's own clock. Raises NotThePrimary.
    """
    rows = await connection.fetch(_STATUSES, list(shipment_ids), at, *visibility.arguments())
    if rows[0]["standby"]:
        raise NotThePrimary("status answers are read from the primary only")
    found = {row["shipment_id"]: _status(row) for row in rows if row["shipment_id"] is not None}
    return Statuses(found, rows[0]["as_of"], rows[0]["rules_in_effect"])


def _status(row: Any) -> ShipmentStatus:
    return ShipmentStatus(
        row["shipment_id"],
        row["state"],
        row["milestone"],
        load(tuple[Hold, ...], row["holds"] or "[]"),
        row["sequence"],
        row["decided_at"],
        row["rules_version"],
        row["pending"],
    )
