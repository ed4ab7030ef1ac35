"""What one row of a mapping says."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.vocabulary import Milestone


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code of a public list, and the milestone that it reports.

    `meaning` is what the code says, in our words. `milestone` is None where the code alone doesn't tell where the goods
    are. `beside` are further milestones that a sender may give together with the code without contradicting it.
    """

    code: str
    meaning: str
    milestone: Milestone | None
    beside: tuple[Milestone, ...]
    why: str


@dataclass(frozen=True, slots=True)
class CodeList:
    """A public code list: under which prefixes its codes come, how else they are written, and where it is published.

    `forms` are other beginnings of the same code, such as a URI: what follows them is the code.
    """

    name: str
    prefixes: tuple[str, ...]
    forms: tuple[str, ...]
    sources: tuple[str, ...]
    rows: tuple[CodeRow, ...]
