"""The catalogues are complete, and in step with the code (`make texts`)."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message

from services.gatekeeper.domain.lacking import Because
from services.gatekeeper.domain.lifters import Lifter
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import LicenceType, ListEffect, ListName, NoticeOrigin, Period
from services.gatekeeper.texts import upkeep
from services.gatekeeper.texts.catalogues import CHINESE, ENGLISH, LOCALE_OF, catalogue, forms, po_file, worded
from services.gatekeeper.texts.marking import phrase
from services.gatekeeper.texts.phrases import PHRASES
from services.gatekeeper.texts.remedies import LIFTER_WORDS, REMEDIES
from services.gatekeeper.texts.upkeep import TEMPLATE, extracted, gaps, stored
from services.gatekeeper.texts.words import WORDS

LOCALES = sorted(LOCALE_OF.values())
CHINESE_SIGN = re.compile(r"[\u4e00-\u9fff]")
TERMS = {
    "end-user statement": "最终用户和最终用途证明文件",
    "end user": "最终用户",
    "end use": "最终用途",
    "exporter": "出口经营者",
    "control list": "管控名单",
    "watch list": "关注名单",
    "individual licence": "单项许可",
    "general licence": "通用许可",
    "licence": "许可",
    "control code": "管制编码",
    "importer": "进口商",
    "consignee": "收货人",
    "destination": "最终目的国（地区）",
    "risk report": "风险评估报告",
    "undertaking": "承诺",
    "Export Control Law": "《出口管制法》",
    "Regulations on Export Control of Dual-use Items": "《两用物项出口管制条例》",
}
"""Terms of the Export Control Law and of the Regulations (Decree 792), longest first where one contains another."""


def entries(made: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, form) for message in made if message.id for form in forms(message.id)}


def _entry(made: Catalog, english: str, context: str) -> Message:
    found = made.get(english, context)
    assert found is not None
    return found


def test_the_template_has_exactly_what_the_code_marks() -> None:
    assert entries(stored(TEMPLATE)) == entries(extracted())
    assert len(entries(extracted())) > len(Reason) * 2


@pytest.mark.parametrize("locale", LOCALES)
def test_no_entry_of_a_catalogue_is_missing_empty_fuzzy_or_obsolete(locale: str) -> None:
    assert gaps(stored(po_file(locale), locale), extracted()) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_gap_in_a_catalogue_would_be_told(locale: str) -> None:
    made = extracted()
    template = extracted()
    told = {"a stop notice is in effect": "", "item {item_no}": "item {number}", "role": "x"}
    for message in made:
        message.string = told.get(forms(message.id)[0], message.id)
    _entry(made, "control code {control_codes}", "item").string = ("control code {control_codes}", "")
    _entry(made, "line {lines}", "notice").string = ("line {lines}", "lines {line_no}")
    _entry(made, "customs", "who").flags.add("fuzzy")
    made.delete("the item has not been classified", "ITEM_UNCLASSIFIED")
    made.add("nobody says this", string="?", context="who")
    assert gaps(made, template) == [
        "missing: STOP_NOTICE: a stop notice is in effect",
        "missing: ITEM_UNCLASSIFIED: the item has not been classified",
        "fuzzy: who: customs",
        "other placeholders: notice: line {lines}",
        "other placeholders: item: item {item_no}",
        "missing: item: control code {control_codes}",
        "nothing marks: who: nobody says this",
    ]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text_and_a_remedy_in_both_languages(reason: Reason) -> None:
    for told in (*PHRASES[reason], *REMEDIES[reason]):
        key = (told.context, told.english)
        assert catalogue(ENGLISH)[key]
        assert catalogue(CHINESE)[key]
    base = PHRASES[reason][0]
    assert base.context == reason.value
    assert base.placeholders == ()
    assert CHINESE_SIGN.search(worded(CHINESE, base))
    assert any(not told.placeholders and not told.needs for told in REMEDIES[reason])


def test_chinese_speaks_in_the_terms_of_the_law() -> None:
    for (_, english), chinese in catalogue(CHINESE).items():
        rest = re.sub(r"\{\w+\}", "", english)
        for term, meant in TERMS.items():
            if re.search(rf"\b{re.escape(term)}s?\b", rest):
                assert meant in chinese, (english, chinese)
                rest = rest.replace(term, "")


def test_chinese_has_chinese_signs_and_punctuation() -> None:
    for (_, english), chinese in catalogue(CHINESE).items():
        bare = re.sub(r"\{\w+\}", "", chinese)
        assert CHINESE_SIGN.search(bare) or not re.search("[a-z]", re.sub(r"\{\w+\}", "", english)), chinese
        assert not re.search(r"[,;:()]", bare), chinese


def test_a_phrase_is_plain_text_with_plain_placeholders() -> None:
    for language in (ENGLISH, CHINESE):
        for said in catalogue(language).values():
            fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(said) if name]
            assert all(name.isidentifier() and not spec and conversion is None for name, spec, conversion in fields)


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        ("origin", NoticeOrigin),
        ("list", ListName),
        ("effect", ListEffect),
        ("period", Period),
        ("licence_type", LicenceType),
        ("nearest_because", Because),
    ],
)
def test_every_code_of_ours_has_its_words(fact: str, codes: type[Reason]) -> None:
    assert set(WORDS[fact]) == {code.value for code in codes}


def test_everybody_who_may_lift_a_hold_has_a_name() -> None:
    assert set(LIFTER_WORDS) == set(Lifter)


def test_a_phrase_that_no_catalogue_has_stands_in_its_english() -> None:
    assert worded(CHINESE, phrase("where", "on the moon")) == "on the moon"


def test_what_is_new_is_filled_in_in_english_and_waits_for_a_translator_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {locale: tmp_path / locale / "LC_MESSAGES" / "holdgate.po" for locale in LOCALES}
    monkeypatch.setattr(upkeep, "TEMPLATE", tmp_path / "holdgate.pot")
    monkeypatch.setattr(upkeep, "po_file", files.__getitem__)
    assert upkeep.update() == [tmp_path / "holdgate.pot", *files.values()]
    assert upkeep.update() == []
    assert gaps(stored(files["en"], "en"), extracted()) == []
    missing = gaps(stored(files["zh_CN"], "zh_CN"), extracted())
    assert len(missing) == len([message for message in extracted() if message.id])
    assert all(gap.startswith("missing: ") for gap in missing)


@pytest.mark.parametrize("path", [TEMPLATE, *map(po_file, LOCALES)], ids=lambda path: str(path.name))
def test_what_is_committed_is_what_make_texts_writes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / path.name
    again.write_bytes(path.read_bytes())
    locale = None if path == TEMPLATE else path.parts[-3]
    made = stored(path, locale)
    if locale is not None:
        made.update(extracted(), update_creation_date=False)
    headers = re.compile(rb'"(Generated-By|PO-Revision-Date)[^"]*"\n')
    upkeep.write(again, made)
    assert headers.sub(b"", again.read_bytes()) == headers.sub(b"", path.read_bytes())
