"""What the demo reads in Holdgate's own database: how far it is, and whether its ledger adds up."""

from __future__ import annotations

from dataclasses import dataclass

from services.kit.postgres import Database
from services.local.demo.evidence import Ledger
from services.local.demo.world import PERMITS


@dataclass(frozen=True, slots=True)
class Progress:
    """`next_offsets` by plain topic name and partition; `next_seqs` by lane.

    `waiting`: tasks under way (sweeps and the like) and records that are to go to another lane.
    """

    next_offsets: dict[tuple[str, int], int]
    next_seqs: dict[int, int]
    waiting: int

    def undecided(self, ends: dict[tuple[str, int], int]) -> int:
        """How many of the records before `ends` have not been decided yet."""
        return sum(max(0, end - self.next_offsets.get(place, 0)) for place, end in ends.items())

    def unpublished(self, heard: dict[int, int]) -> int:
        """How many directives were decided and not heard yet by somebody who heard up to `heard`."""
        return sum(max(0, seq - 1 - heard.get(lane, 0)) for lane, seq in self.next_seqs.items())


async def read_progress(database: Database) -> Progress:
    async with database.reading() as connection:
        positions = await connection.fetch("SELECT topic, partition, next_offset FROM input_position")
        waiting = await connection.fetchval(
            "SELECT (SELECT count(*) FROM task WHERE done_at IS NULL) + (SELECT count(*) FROM deferred_record)"
        )
        lanes = await connection.fetch("SELECT lane, next_seq FROM lane")
    return Progress(
        {(row["topic"], row["partition"]): row["next_offset"] for row in positions},
        {row["lane"]: row["next_seq"] for row in lanes},
        waiting,
    )


async def read_ledger(database: Database) -> Ledger:
    """The ledger against the balances, and the balances against what the world's licences grant."""
    async with database.reading() as connection:
        entries = await connection.fetchval("SELECT count(*) FROM ledger")
        rows = await connection.fetch(
            "SELECT b.licence_no, b.line_no, b.reserved, b.consumed, coalesce(l.reserved, 0) AS booked_reserved,"
            " coalesce(l.consumed, 0) AS booked_consumed FROM licence_line_balance AS b LEFT JOIN"
            " (SELECT licence_no, licence_line, sum(reserved) AS reserved, sum(consumed) AS consumed FROM ledger"
            " GROUP BY licence_no, licence_line) AS l ON l.licence_no = b.licence_no AND l.licence_line = b.line_no"
        )
    granted = {permit.licence_no: permit.units for permit in PERMITS}
    return Ledger(
        entries,
        tuple(
            row["licence_no"]
            for row in rows
            if (row["reserved"], row["consumed"]) != (row["booked_reserved"], row["booked_consumed"])
        ),
        tuple(
            row["licence_no"]
            for row in rows
            if row["licence_no"] in granted and row["reserved"] + row["consumed"] > granted[row["licence_no"]]
        ),
    )
