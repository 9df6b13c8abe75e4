"""Fields drawn once are those that would be drawn anew, whatever the kind and whatever was typed (docs/adr/0030)."""

from __future__ import annotations

import pytest
from django.template import loader

from dossiers import kinds, queries
from dossiers.sheet import Entry, Sheet
from dossiers.templatetags import drawing
from tests.dossiers import every_kind, factories, pages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_drawn_yet() -> None:
    drawing.drawn.cache_clear()


def anew(entry: Entry, sheet: Sheet) -> str:
    return loader.render_to_string(entry.kind.template, {"entry": entry, "dossier": sheet.dossier_stage.dossier})


@pytest.mark.parametrize("typed", [{}, every_kind.RIGHT, every_kind.WRONG], ids=["blank", "right", "wrong"])
def test_what_is_kept_is_what_would_be_drawn_anew(typed: dict[str, kinds.Raw]) -> None:
    stage, _ = every_kind.draft()
    factories.save(stage, **typed)
    kept = 0
    for _ in range(2):
        sheet = queries.sheet(factories.fresh(stage))
        for entry in sheet.entries:
            if entry.kind.has_fields:
                assert drawing.fields_of(entry, sheet.dossier_stage.dossier) == anew(entry, sheet), entry.code
        kept = drawing.drawn.cache_info().hits
    assert kept >= 9


def test_nothing_is_kept_of_bank_details_nor_of_the_sites_of_an_establishment() -> None:
    stage, other = every_kind.draft()
    every_kind.fill(stage, other)
    sheet = queries.sheet(factories.fresh(stage))
    for code in ("bank", "perimeter"):
        entry = sheet.entry(code)
        assert entry is not None
        drawing.fields_of(entry, stage.dossier)
    assert drawing.drawn.cache_info().currsize == 0


def test_a_form_being_written_is_drawn_anew() -> None:
    stage, _ = every_kind.draft()
    stage.revision.published_at = None
    for label in ("Nom du projet", "Nom du chantier"):
        entry = queries.sheet(stage).entry("short_text")
        assert entry is not None
        entry.question.label = label
        assert label in drawing.fields_of(entry, stage.dossier)


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
        for entry in queries.instructed(dossier_stage).entries:
            anew = drawing.told(entry, dossier_stage.dossier.reference)
            assert drawing.answer_of(entry, dossier_stage) == anew, entry.code
    kept = drawing.read.cache_info()
    assert kept.hits >= 9
    for code in ("bank", "perimeter"):
        [entry] = [each for each in queries.instructed(factories.fresh(stage)).entries if each.code == code]
        drawing.answer_of(entry, factories.fresh(stage))
    assert drawing.read.cache_info() == kept


def test_a_remark_is_read_beside_its_answer_and_in_no_other_dossier() -> None:
    stage, plain = factories.modification_requested(remarks={"comment": "Précisez."}), factories.transmitted()
    for each, said in ((plain, False), (stage, True), (plain, False)):
        dossier_stage = factories.fresh(each)
        entries = queries.instructed(dossier_stage).entries
        html = "".join(drawing.answer_of(entry, dossier_stage) for entry in entries)
        assert ("Précisez." in html) is said
