"""What a milestone's `source_code` says: the code list by its prefix, and in it the milestone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.mappings.cbv import CBV
from schemas.mappings.dcsa import DCSA
from schemas.mappings.iata import IATA
from schemas.mappings.row import CodeList, CodeRow
from schemas.mappings.x12 import X12

CODE_LISTS: Final = (CBV, DCSA, IATA, X12)

_BY_PREFIX: Final = {prefix: codes for codes in CODE_LISTS for prefix in codes.prefixes}
_BY_URI: Final = {form: codes for codes in CODE_LISTS for form in codes.forms if form.startswith(("urn:", "https://"))}
_ROWS: Final = {codes.name: {row.code: row for row in codes.rows} for codes in CODE_LISTS}


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A `source_code` of a known list; `row` is None for a code that the mapping doesn't have."""

    codes: CodeList
    code: str
    row: CodeRow | None


def read_source_code(source_code: str) -> ReadCode | None:
    """What `source_code` says; None when its prefix belongs to no list that is known here.

    The prefix counts in any case of letters, the code as it is written. A full URI of a list needs no prefix.
    """
    prefix, colon, rest = source_code.partition(":")
    codes = _BY_PREFIX.get(prefix.lower()) if colon else None
    if codes is None:
        form = next((form for form in _BY_URI if source_code.startswith(form)), None)
        if form is None:
            return None
        codes, rest = _BY_URI[form], source_code
    code = next((rest.removeprefix(form) for form in codes.forms if rest.startswith(form)), rest)
    return ReadCode(codes, code, _ROWS[codes.name].get(code))
