"""What this machine can offer: every rung of both ladders, and why or why not (`holdgate doctor`)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.local import kafka, postgres
from services.local.ladder import REQUIRE_REAL_VARIABLE, Rung, real_parts_required


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Every rung as found, best first. A rung that is only possible is not yet one that starts."""

    rungs: tuple[Rung, ...]
    real_required: bool

    @property
    def ok(self) -> bool:
        """Whether at least one rung of each part counts."""
        return all(self.taken(part) is not None for part in self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rung.part for rung in self.rungs))

    def taken(self, part: str) -> Rung | None:
        """The rung that would be taken now; None if `part` can't be had."""
        return next((rung for rung in self.rungs if rung.part == part and self.counts(rung)), None)

    def counts(self, rung: Rung) -> bool:
        """Possible, and real where real parts are required."""
        return rung.possible and (rung.real or not self.real_required)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: `{ok, real_required, parts: {postgres: {taken, rungs: […]}, kafka: …}}`."""
        parts = {
            part: {
                "taken": taken.number if (taken := self.taken(part)) else None,
                "rungs": [asdict(rung) for rung in self.rungs if rung.part == part],
            }
            for part in self.parts
        }
        return {"ok": self.ok, "real_required": self.real_required, "parts": parts}

    def as_text(self) -> str:
        """Plain lines: a `>` before the rung that would be taken, `+` possible, `-` not."""
        lines = []
        for part in self.parts:
            lines.append(part)
            lines += [f"  {self._mark(rung)} {rung.number} {rung.name}: {rung.why}" for rung in self._of(part)]
        return "\n".join([*lines, self._verdict()])

    def as_rich(self) -> Group:
        """The same for a terminal."""
        tables = []
        for part in self.parts:
            table = Table(title=part, title_justify="left", title_style="bold", box=None, padding=(0, 1))
            for heading in ("", "rung", "", "why"):
                table.add_column(heading, justify="left")
            for rung in self._of(part):
                style = "bold green" if rung == self.taken(part) else "green" if self.counts(rung) else "dim"
                table.add_row(self._mark(rung), str(rung.number), rung.name, Text(rung.why), style=style)
            tables.append(table)
        return Group(*tables, Text(self._verdict(), style="green" if self.ok else "bold red"))

    def _of(self, part: str) -> list[Rung]:
        return [rung for rung in self.rungs if rung.part == part]

    def _mark(self, rung: Rung) -> str:
        if rung == self.taken(rung.part):
            return ">"
        return "+" if self.counts(rung) else "-"

    def _verdict(self) -> str:
        missing = [part for part in self.parts if self.taken(part) is None]
        required = f" ({REQUIRE_REAL_VARIABLE} is set: the mock does not count)" if self.real_required else ""
        return f"missing: {', '.join(missing)}{required}" if missing else f"ready{required}"


async def survey() -> list[Rung]:
    """Every rung of both parts, looked at side by side; starts nothing."""
    detections = [*(step.detect for step in postgres.steps()), *(step.detect for step in kafka.steps())]
    return list(await asyncio.gather(*(asyncio.to_thread(detect) for detect in detections)))


async def doctor_report() -> DoctorReport:
    """The survey, and whether it suffices."""
    return DoctorReport(tuple(await survey()), real_parts_required())
