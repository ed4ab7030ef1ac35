"""The reference pages that are generated from the tables: units, vocabularies and mappings.

`python -m services.gatekeeper.vocabularies.pages` writes them; a test says when they have drifted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from schemas.mappings.outbound import BOOKING, DCSA_DOCUMENTS, STATES
from schemas.mappings.row import CodeList
from schemas.mappings.source_codes import CODE_LISTS
from schemas.units import AMBIGUOUS, SPELLINGS
from services.gatekeeper.domain.units import DIMENSIONS
from services.gatekeeper.vocabularies import places, reasons, states, units
from services.gatekeeper.vocabularies.names import Names
from services.gatekeeper.vocabularies.units_left_out import LEFT_OUT

DOCS: Final = Path(__file__).parents[3] / "docs"

UNITS_INTRO: Final = """# Units

Generated from the tables by `python -m services.gatekeeper.vocabularies.pages`; not to be edited.

Quantities are given in codes of UN/ECE Recommendation 20. These are all codes for mass, volume, length, area, count and
energy whose factor is exact by definition; within a dimension every one converts into every other without rounding
(D3.9). From one dimension into another leads only the item's own factor.

Other spellings are accepted where events and requests are read, and kept as the code: nothing behind the edge ever sees
them. They are compared letter by letter (after Unicode NFKC, so full-width letters, `m²` and `㎏` count too); three
digits are the codes of the unit table of the General Administration of Customs of the PRC. A unit that nobody knows
stays as it is written and holds with UNIT_NOT_CONVERTIBLE, unless the item has a factor for it.
"""

VOCABULARIES_INTRO: Final = """# Vocabularies

Generated from the tables by `python -m services.gatekeeper.vocabularies.pages`; not to be edited.

Names, English and Chinese, of the codes that events and answers carry. Units: [units.md](units.md). Codes of other
standards: [mappings.md](mappings.md).
"""

MAPPINGS_INTRO: Final = """# Mappings

Generated from the tables by `python -m services.gatekeeper.vocabularies.pages`; not to be edited.

A `shipment.milestone` may carry the sender's own code in `source_code`, as prefix, colon, code (`dcsa:DEPA`). With a
prefix of the lists below (in any case of letters), or as a full URI of such a list:

| `milestone` | code | what happens |
|---|---|---|
| absent | stands for a milestone | the code sets the milestone |
| absent | known, but leaves open where the goods are | unreadable, field `source_code` |
| absent | not in its list | unreadable, field `source_code` |
| given | stands for the same, or the given one may stand beside it | the given one counts |
| given | stands for another one | unreadable, field `source_code`: nobody can say which of the two is right |
| given | known, but leaves open where the goods are | the given one counts |
| given | not in its list | the given one counts; the timeline notes `source_code_unknown` |

A code with an unknown prefix says nothing: the milestone must be given. The classifier is always the event's own, never
the code's. Meanings are in our own words; the standards themselves are where the links lead.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _codes(codes: Iterable[str]) -> str:
    return " ".join(f"`{code}`" for code in codes)


def units_page() -> str:
    """docs/units.md."""
    parts = [UNITS_INTRO]
    for base, table in DIMENSIONS.items():
        dimension = units.DIMENSIONS[base]
        parts.append(f"## {dimension.en} ({dimension.zh}), in {base}\n")
        rows = (
            (f"`{code}`", *units.UNITS[code], factor, _codes(SPELLINGS.get(code, "").split()))
            for code, factor in table.items()
        )
        parts.append(_table(("code", "English", "Chinese", f"exactly so many {base}", "also accepted"), rows))
    parts.append("## Not accepted, since it could mean two things\n")
    parts.append(_table(("written", "could be"), ((f"`{written}`", why) for written, why in AMBIGUOUS.items())))
    parts.append("## Codes of the Recommendation that don't convert\n")
    parts.append(_table(("codes", "why"), ((_codes(codes.split()), why) for codes, why in LEFT_OUT)))
    return "\n".join(parts)


def _named(title: str, table: Mapping[str, Names]) -> str:
    rows = ((f"`{code}`", *names) for code, names in table.items())
    return f"## {title}\n\n" + _table(("code", "English", "Chinese"), rows)


def vocabularies_page() -> str:
    """docs/vocabularies.md."""
    return "\n".join(
        [
            VOCABULARIES_INTRO,
            _named("Reasons", reasons.REASONS),
            _named("States of shipments", states.SHIPMENT_STATES),
            _named("States of orders", states.ORDER_STATES),
            _named("Milestones", states.MILESTONES),
            _named("Classifiers", states.CLASSIFIERS),
            _named("Directives", states.DIRECTIVES),
            _named("Roles that get a directive", states.ROLES),
            _named("Movements", states.MOVEMENTS),
            _named("Countries and customs territories", places.countries()),
            _named("Currencies", places.currencies()),
        ]
    )


def _inbound(codes: CodeList) -> str:
    prefixes = ", ".join(f"`{prefix}:`" for prefix in codes.prefixes)
    forms = f" Also written with {_codes(codes.forms)}." if codes.forms else ""
    sources = " ".join(f"<{source}>" for source in codes.sources)
    rows = (
        (
            f"`{row.code}`",
            row.meaning,
            row.milestone.value if row.milestone else "–",
            " ".join(milestone.value for milestone in row.beside),
            row.why,
        )
        for row in codes.rows
    )
    head = ("code", "meaning", "milestone", "may stand beside it", "why")
    return f"## {codes.name}\n\nPrefix {prefixes}.{forms} Sources: {sources}\n\n" + _table(head, rows)


def _outbound() -> str:
    rows = ((f"`{state}`", o.dcsa or "–", o.cbv or "–", o.x12 or "–", o.why) for state, o in STATES.items())
    documents = ", ".join(f"`{reason}`: {document}" for reason, document in DCSA_DOCUMENTS.items())
    return (
        "## States and reasons on the way out\n\n"
        + _table(("state", "DCSA shipment event", "CBV business step", "X12 157", "why"), rows)
        + f"\nA reason changes the document type of the DCSA event only: {documents}; any other: {BOOKING}.\n"
    )


def mappings_page() -> str:
    """docs/mappings.md."""
    return "\n".join([MAPPINGS_INTRO, *map(_inbound, CODE_LISTS), _outbound()])


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "units.md": units_page,
    "vocabularies.md": vocabularies_page,
    "mappings.md": mappings_page,
}


def write(folder: Path = DOCS) -> None:
    """Write every page into `folder`."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
