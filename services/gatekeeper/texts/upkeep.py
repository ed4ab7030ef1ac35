"""`make texts`: what the code marks goes into the template, from there into every catalogue, and into docs/reasons.md.

English is filled in; a Chinese phrase that is new, or fuzzy because the English changed, waits for a translator.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from services.gatekeeper.texts.catalogues import DOMAIN, LOCALE_OF, LOCALES, forms, po_file
from services.gatekeeper.texts.marking import KEYWORDS, placeholders
from services.gatekeeper.texts.page import PAGE, reasons_page

TEMPLATE = LOCALES / f"{DOMAIN}.pot"
SOURCES = Path(__file__).parent
WIDTH = 110


def extracted() -> Catalog:
    """Every phrase that the sources mark, with the files that mark it."""
    catalogue = _empty(None)
    found = extract_from_dir(SOURCES, [("**.py", "python")], keywords=KEYWORDS)
    for name, _, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalogue.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalogue


def stored(path: Path, locale: str | None = None) -> Catalog:
    """The template, or a catalogue; an empty one where there is no file."""
    if not path.is_file():
        return _empty(locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def gaps(catalogue: Catalog, template: Catalog) -> list[str]:
    """What keeps `catalogue` from being complete: missing, empty, fuzzy or obsolete entries, other placeholders."""
    found = [f"obsolete: {forms(message.id)[0]}" for message in catalogue.obsolete.values()]
    for message in _messages(template):
        have = catalogue.get(message.id, message.context)
        where = f"{message.context}: {forms(message.id)[0]}"
        if have is None or not all(forms(have.string)):
            found.append(f"missing: {where}")
        elif have.fuzzy:
            found.append(f"fuzzy: {where}")
        elif any(_names(form) != _names(forms(message.id)[0]) for form in (*forms(message.id), *forms(have.string))):
            found.append(f"other placeholders: {where}")
    wanted = {(message.context, forms(message.id)) for message in _messages(template)}
    surplus = [message for message in _messages(catalogue) if (message.context, forms(message.id)) not in wanted]
    return found + [f"nothing marks: {message.context}: {forms(message.id)[0]}" for message in surplus]


def update() -> list[Path]:
    """Write what has changed of template and catalogues; the files that were written."""
    changed = [TEMPLATE] if write(TEMPLATE, extracted()) else []
    for locale in LOCALE_OF.values():
        catalogue = stored(po_file(locale), locale)
        catalogue.update(extracted(), update_creation_date=False)  # it keeps, and changes, the messages it is given
        if locale == "en":
            for message in _messages(catalogue):
                if not all(forms(message.string)) or message.fuzzy:
                    message.string = message.id
                    message.flags.discard("fuzzy")
        if write(po_file(locale), catalogue):
            changed.append(po_file(locale))
    return changed


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _names(template: str) -> set[str]:
    return set(placeholders(template))


def _empty(locale: str | None) -> Catalog:
    return Catalog(
        locale=locale,
        domain=DOMAIN,
        project="holdgate",
        header_comment="# The texts of Holdgate's holds. `make texts` keeps this file in step with the code.",
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        revision_date=datetime(2026, 1, 1, tzinfo=UTC),
        version="1",
        msgid_bugs_address="the project's issues",
        last_translator="the Holdgate project",
        language_team="the Holdgate project",
        fuzzy=False,
    )


def write(path: Path, catalogue: Catalog) -> bool:
    """Whether the file was written: one that says the same already stays as it is."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=WIDTH, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
    content = buffer.getvalue()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def main() -> int:
    """Exit code: 1 while a catalogue is incomplete."""
    for path in update():
        print(path.name if path == TEMPLATE else f"{path.parts[-3]}/{path.name}")
    if PAGE.parent.is_dir() and (page := reasons_page()) != (PAGE.read_text("utf-8") if PAGE.is_file() else ""):
        PAGE.write_text(page, "utf-8")
        print(PAGE.name)
    incomplete = [
        f"{locale}: {gap}"
        for locale in LOCALE_OF.values()
        for gap in gaps(stored(po_file(locale), locale), extracted())
    ]
    for line in incomplete:
        print(line, file=sys.stderr)
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
