"""Guichets written as files, and imported: what is exported loads back unchanged (G4)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers import catalog, descriptions, workflow
from dossiers.catalog import writing
from dossiers.models import FormRevision, Guichet, Stage
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, strategies

FOLDER = factories.FIXTURES / "guichets"
FILES = sorted(FOLDER.glob("[0-9]*.yaml"))
POC = FILES[0]
PARIS = ZoneInfo("Europe/Paris")


def description(guichet: Guichet) -> dict[str, Any]:
    """Everything a guichet says, whatever its keys in the database."""
    fields = ("title", "short_title", "presentation", "audience", "links", "support_email", "regional_role")
    stage_fields = ("position", "kind", "title", "entry", "regional_role", "opens_at", "closes_at")
    texts = ("undated_text", "opening_text", "closing_text")
    return {
        **{name: getattr(guichet, name) for name in fields},
        "stages": {
            stage.code: {
                **{name: getattr(stage, name) for name in (*stage_fields, *texts)},
                "form": [
                    catalog.describe(each)
                    for each in stage.revisions.filter(published_at__isnull=False).order_by("-number")[:1]
                ],
            }
            for stage in guichet.stages.all()
        },
    }


def rename(text: str) -> str:
    return text.replace("code: ", "code: copie-", 1)


@pytest.mark.django_db
def test_what_is_exported_loads_to_the_same_guichet() -> None:
    call_command("load_guichets", verbosity=0)
    for guichet in Guichet.objects.all():
        text = catalog.export(guichet)
        assert catalog.export(guichet) == text
        copy = catalog.apply(catalog.read(rename(text)), by=None)
        assert description(copy) == description(guichet), guichet.code
        assert catalog.export(copy) == rename(text)


@pytest.mark.django_db
def test_a_file_reads_as_the_shipped_ones_do() -> None:
    text = catalog.export(catalog.load(POC))
    assert text.startswith("code: poc-essms\ntitle: Phase exploratoire de l'AAP")
    for line in (
        "audience: [essms]",
        "presentation: |",
        "    opens: 2026-03-31",
        "    closes: 2026-06-04",
        "                  - {value: essms, label: ESSMS seul}",
        "              shown_when: {question: applicant_kind, in: [convention]}",
        "              frozen_after_transmission: true",
    ):
        assert f"\n{line}\n" in text, line
    shipped = yaml.safe_load(POC.read_text(encoding="utf-8"))
    assert list(yaml.safe_load(text)) == writing_order(shipped)


def writing_order(shipped: dict[str, Any]) -> list[str]:
    known = ["code", "title", "short_title", "audience", "regional_role", "support_email", "links", "presentation"]
    return [key for key in (*known, "stages") if key in shipped]


@pytest.mark.django_db
def test_a_closing_at_another_hour_is_written_as_an_instant() -> None:
    stage = factories.poc()
    Stage.objects.filter(pk=stage.pk).update(
        opens_at=dt.datetime(2026, 3, 31, 9, tzinfo=PARIS), closes_at=dt.datetime(2026, 6, 4, 12, tzinfo=PARIS)
    )
    text = catalog.export(stage.guichet)
    assert "opens: 2026-03-31 09:00:00+02:00" in text
    copy = catalog.apply(catalog.read(rename(text)), by=None).stages.get(code="candidature")
    stage.refresh_from_db()
    assert (copy.opens_at, copy.closes_at) == (stage.opens_at, stage.closes_at)


@pytest.mark.django_db
def test_loading_again_never_undoes_what_an_administrator_did() -> None:
    administrator = UserFactory(admin=True)
    stage = factories.poc()
    Guichet.objects.update(title="Titre choisi", links=[])
    draft = workflow.publication.start_draft(stage, by=administrator)
    question = draft.questions.get(code="comment")
    workflow.editing.change_question(question, by=administrator, label="Un commentaire ?")
    workflow.publication.publish(draft, by=administrator)

    catalog.load(POC)

    assert Guichet.objects.get().title == "Titre choisi"
    assert stage.revisions.count() == 2


@pytest.mark.django_db
def test_a_file_that_changed_is_published_beside_a_draft_under_way(tmp_path: Path) -> None:
    administrator = UserFactory(admin=True)
    stage = factories.poc()
    draft = workflow.publication.start_draft(stage, by=administrator)
    workflow.editing.add_section(draft, by=administrator, title="En cours d'écriture")
    form = yaml.safe_load(POC.read_text(encoding="utf-8"))["stages"][0]["form"]
    form["sections"][0]["questions"][0]["label"] = "Je certifie autre chose."

    catalog.publish(stage, form, None)

    first, second, kept = stage.revisions.order_by("number")
    assert (first.published_at is None, second.published_at is None, kept.published_at) == (False, False, None)
    assert kept.sections.last().title == "En cours d'écriture"
    assert kept.questions.filter(template_file__isnull=False).count() == 1


# Property: whatever a form says comes back.

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=40).filter(
    str.strip
)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    """A form of any kinds, whose texts are anything that can be typed."""
    asked = [{**each, "label": draw(WORDS), "help": draw(WORDS)} for each in draw(strategies.forms())]
    cut = draw(st.integers(1, len(asked)))
    sections = [{"title": draw(WORDS), "questions": part} for part in (asked[:cut], asked[cut:]) if part]
    return {"sections": sections, "minutes": draw(st.none() | st.integers(1, 600)), "to_prepare": draw(WORDS).strip()}


@settings(max_examples=50)
@given(forms())
def test_any_form_written_reads_back(form: dict[str, Any]) -> None:
    """Through the text alone: storing is shown above."""
    wanted = descriptions.normal(form)
    data = writing.form_words(wanted, {})
    text = yaml.dump(data, Dumper=writing.Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))
    assert descriptions.normal(yaml.safe_load(text)) == wanted


# Importing


def test_a_file_that_is_no_guichet_is_told_not_raised() -> None:
    for text in (
        "stages: 3",
        "code: a\ntitle: b\nshort_title: c\naudience: es\nregional_role: read\nstages: [1]",
        "- 1",
    ):
        with pytest.raises(catalog.InvalidCatalog):
            catalog.read(text)


@pytest.mark.parametrize(
    ("before", "after", "flaw"),
    [
        ("title: Phase", "titre: x\ntitle: Phase", "guichet : propriété inconnue « titre »"),
        ("short_title: POC", "short_title: " + "x" * 90, "guichet : « short_title » dépasse 80 caractères"),
        ("code: track\n", "code: mon parcours\n", "mon parcours : « code » s'écrit avec des lettres sans accent"),
        ("label: Commentaire", "label: 12", "comment : « label » est un texte, entre guillemets si c'est un nombre"),
        ("https://esante", "javascript:esante", "guichet : un lien a un libellé"),
        ("    form:", "    entry: start\n    form:", ""),
        ("    form:", "    entry: demain\n    form:", "candidature : début d'étape inconnu, « demain »"),
        ("      sections:", "      axes: [{code: a}]\n      sections:", "formulaire : un axe a un code"),
        ("kind: objectives", "kind: objectives\n    entry: start", ""),
    ],
)
def test_whatever_the_database_would_refuse_is_told(before: str, after: str, flaw: str) -> None:
    text = POC.read_text(encoding="utf-8")
    assert before in text
    text = text.replace(before, after, 1)
    if not flaw:
        assert catalog.read(text)
        return
    with pytest.raises(catalog.InvalidCatalog) as refusal:
        catalog.read(text)
    assert any(flaw in each for each in refusal.value.flaws), refusal.value.flaws


@pytest.mark.django_db
def test_a_flaw_is_told_with_its_etape_and_its_question() -> None:
    text = POC.read_text(encoding="utf-8").replace("in: [convention]", "in: [autre]").replace("help:", "aide:", 1)
    with pytest.raises(catalog.InvalidCatalog) as refusal:
        catalog.read(text)
    assert refusal.value.flaws == [
        "étape « candidature », applicant_kind : propriété inconnue « aide »",
        "étape « candidature », partnership_agreement : la condition cite une réponse qui n'existe pas, « autre »",
    ]


@pytest.mark.django_db
def test_an_import_is_told_before_it_is_done_and_does_what_was_told() -> None:
    administrator = UserFactory(admin=True)
    guichet = factories.poc().guichet
    text = catalog.export(guichet).replace("short_title: POC AAP ESSMS", "short_title: POC")
    assert catalog.plan(catalog.read(catalog.export(guichet))).changes == []
    text = text.replace("short_label: Diagnostic OPSSIMS", "short_label: Diagnostic")

    plan = catalog.plan(catalog.read(text))

    assert [change.replace("\u00a0", " ") for change in plan.changes] == [
        "titre court : modifié",
        (
            "Étape « Formulaire de candidature », formulaire : une nouvelle révision est publiée "
            "(question modifiée : « Diagnostic »)"
        ),
    ]
    assert FormRevision.objects.filter(stage__code="candidature").count() == 1
    catalog.apply(catalog.read(text), by=administrator)
    assert Guichet.objects.get().short_title == "POC"
    assert FormRevision.objects.first().published_by == administrator
    assert catalog.plan(catalog.read(text)).changes == []
    with pytest.raises(workflow.NotAllowed):
        catalog.apply(catalog.read(text), by=UserFactory(lead=True))
