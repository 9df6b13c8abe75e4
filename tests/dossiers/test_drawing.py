"""Questions drawn once are those that would be drawn anew, whatever the kind and whatever was typed (docs/adr/0030)."""

from __future__ import annotations

from typing import Any

import pytest

from dossiers import kinds, queries
from dossiers.models import TemplateFile
from dossiers.sheet import Entry, Sheet
from dossiers.templatetags import drawing
from tests.accounts.factories import UserFactory
from tests.dossiers import every_kind, factories, pages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_drawn_yet() -> None:
    drawing.drawn.cache_clear()


def drawn(entry: Entry, sheet: Sheet) -> str:
    return drawing.question_of(entry, sheet.dossier_stage.dossier)


def anew(entry: Entry, sheet: Sheet) -> str:
    return drawing.asked(entry, sheet.dossier_stage.dossier)


def entry_of(sheet: Sheet, code: str) -> Entry:
    entry = sheet.entry(code)
    assert entry is not None
    return entry


@pytest.mark.parametrize("typed", [{}, every_kind.RIGHT, every_kind.WRONG], ids=["blank", "right", "wrong"])
def test_what_is_kept_is_what_would_be_drawn_anew(typed: dict[str, kinds.Raw]) -> None:
    stage, _ = every_kind.draft()
    factories.save(stage, **typed)
    for _ in range(2):
        sheet = queries.sheet(factories.fresh(stage))
        for entry in sheet.entries:
            assert drawn(entry, sheet) == anew(entry, sheet), entry.code
    kept = drawing.drawn.cache_info()
    said_more = [entry.code for entry in sheet.entries if not entry.is_plain or not entry.kind.is_drawn_once]
    assert kept.hits == kept.currsize == len(sheet.entries) - len(said_more)
    assert kept.hits >= (2 if typed is every_kind.WRONG else 9)


def test_nothing_is_kept_of_bank_details_nor_of_the_sites_of_an_establishment() -> None:
    stage, other = every_kind.draft()
    every_kind.fill(stage, other)
    sheet = queries.sheet(factories.fresh(stage))
    for code in ("bank", "perimeter"):
        drawn(entry_of(sheet, code), sheet)
    assert drawing.drawn.cache_info().currsize == 0


def test_a_form_being_written_is_drawn_anew() -> None:
    stage, _ = every_kind.draft()
    stage.revision.published_at = None
    for label in ("Nom du projet", "Nom du chantier"):
        sheet = queries.sheet(stage)
        entry = entry_of(sheet, "short_text")
        entry.question.label = label
        assert label in drawn(entry, sheet)


@pytest.mark.parametrize(
    ("code", "name", "value", "said"),
    [
        ("short_text", "remark", "Précisez la date.", "Précisez la date."),
        ("short_text", "parked", True, "Saisie retrouvée"),
        ("short_text", "conflict", [kinds.Line("", "Un autre texte")], "Un autre texte"),
        ("short_text", "corrected", True, "Corrigée"),
        ("short_text", "locked", True, "Non renseigné"),
        ("short_text", "frozen", True, "Non renseigné"),
        ("files", "file_errors", ["Ce fichier est vide."], "Ce fichier est vide."),
    ],
)
def test_what_is_said_of_one_answer_shows_there_alone(code: str, name: str, value: Any, said: str) -> None:
    stage, _ = every_kind.draft()
    for shows in (False, True, False):
        sheet = queries.sheet(factories.fresh(stage))
        entry = entry_of(sheet, code)
        if shows:
            setattr(entry, name, value)
        assert (said in drawn(entry, sheet)) is shows


def test_a_file_deposited_shows_in_its_dossier_alone() -> None:
    first, _ = every_kind.draft()
    second = factories.draft(stage=first.stage)
    factories.deposit(first, factories.pdf("devis.pdf"), "files")
    for stage, shows in ((second, False), (first, True), (second, False)):
        sheet = queries.sheet(factories.fresh(stage))
        assert ("devis.pdf" in drawn(entry_of(sheet, "files"), sheet)) is shows


def test_each_dossier_saves_at_its_own_address_whatever_was_typed() -> None:
    first, _ = every_kind.draft()
    second = factories.draft(stage=first.stage)
    typed = f"Le dossier {drawing.ANY_DOSSIER}, suite"
    for stage in (first, second):
        factories.save(stage, short_text={"value": typed})
        sheet = queries.sheet(factories.fresh(stage))
        for entry in sheet.entries:
            html = drawn(entry, sheet)
            if entry.kind.has_fields:
                assert pages.url("answer", stage, entry.code) in html
        assert typed in drawn(entry_of(sheet, "short_text"), sheet)


def test_a_model_that_is_given_another_title_shows_it() -> None:
    stage = factories.draft()
    for title in ("Cadre de réponse", "Cadre de réponse, édition 2"):
        TemplateFile.objects.update(title=title)
        sheet = queries.sheet(factories.fresh(stage))
        [entry] = [each for each in sheet.entries if each.template_file]
        assert f">{title}<" in drawn(entry, sheet)
    assert drawing.drawn.cache_info().currsize == 2


def test_two_dossiers_each_read_their_own_answers() -> None:
    first, _ = every_kind.draft()
    second = factories.draft(stage=first.stage)
    factories.save(first, short_text={"value": "Reprise d'activité"})
    for _ in range(2):
        assert "Reprise d&#x27;activité" in pages.owner(first).get(pages.url("form", first)).content.decode()
        assert "Reprise d&#x27;activité" not in pages.owner(second).get(pages.url("form", second)).content.decode()


def test_an_answer_that_is_kept_is_what_would_be_drawn_anew_and_nothing_of_bank_details_is() -> None:
    stage, other = every_kind.draft()
    every_kind.fill(stage, other)
    factories.transmit(stage)
    drawing.read.cache_clear()
    for _ in range(2):
        dossier_stage = factories.fresh(stage)
        for entry in queries.instructed(dossier_stage, UserFactory.build(verifier=True)).entries:
            anew = drawing.told(entry, dossier_stage.dossier.reference)
            assert drawing.answer_of(entry, dossier_stage) == anew, entry.code
    kept = drawing.read.cache_info()
    assert kept.hits >= 9
    for code in ("bank", "perimeter"):
        [entry] = [
            each
            for each in queries.instructed(factories.fresh(stage), UserFactory.build(verifier=True)).entries
            if each.code == code
        ]
        drawing.answer_of(entry, factories.fresh(stage))
    assert drawing.read.cache_info() == kept


def test_a_remark_is_read_beside_its_answer_and_in_no_other_dossier() -> None:
    stage, plain = factories.modification_requested(remarks={"comment": "Précisez."}), factories.transmitted()
    for each, said in ((plain, False), (stage, True), (plain, False)):
        dossier_stage = factories.fresh(each)
        entries = queries.instructed(dossier_stage, UserFactory.build(verifier=True)).entries
        html = "".join(drawing.answer_of(entry, dossier_stage) for entry in entries)
        assert ("Précisez." in html) is said
