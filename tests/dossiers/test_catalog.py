"""Guichets read from files (G5): loaded twice they change nothing, and a contradiction is told before anything is
written."""

from __future__ import annotations

import copy
import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from dossiers import catalog, flaws, queries
from dossiers.models import FormRevision, Guichet, Milestone, Question, Stage, TemplateFile
from tests.dossiers import factories

pytestmark = pytest.mark.django_db
FILES = sorted((factories.FIXTURES / "guichets").glob("[0-9]*.yaml"))
POC = FILES[0]
PARIS = ZoneInfo("Europe/Paris")


def written(folder: Path, data: dict[str, Any], name: str = "1-essai.yaml") -> Path:
    """A guichet file beside which the models of the shipped ones stand."""
    if not (folder / "modeles").exists():
        (folder / "modeles").symlink_to(POC.parent / "modeles")
    path = folder / name
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def poc_data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(POC.read_text(encoding="utf-8"))
    return data


def questions_of(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["code"]: each for section in data["stages"][0]["form"]["sections"] for each in section["questions"]}


def rows() -> list[tuple[Any, ...]]:
    found = []
    for table in ("guichet", "stage", "formrevision", "section", "question", "templatefile", "milestone"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM dossiers_{table} ORDER BY id")  # noqa: S608
            found += [(table, *row) for row in cursor.fetchall()]
    return found


def test_every_shipped_guichet_loads_and_loading_again_changes_nothing() -> None:
    call_command("load_guichets", stdout=None, verbosity=0)
    before = rows()
    assert Guichet.objects.count() == len(FILES) == 7
    assert Milestone.objects.count() == 4

    call_command("load_guichets", verbosity=0)

    assert rows() == before


def test_dates_are_days_of_paris_and_a_closing_lasts_until_the_end_of_its_day() -> None:
    stage = catalog.load(POC).stages.get(code="candidature")
    assert stage.opens_at == dt.datetime(2026, 3, 31, tzinfo=PARIS)
    assert stage.closes_at == dt.datetime(2026, 6, 5, tzinfo=PARIS)
    assert catalog.closing(dt.date(2026, 10, 25)) == dt.datetime(2026, 10, 26, tzinfo=PARIS)  # a day of 25 hours


def test_a_window_moved_by_an_administrator_survives_a_new_loading() -> None:
    """G6, D15b."""
    stage = factories.poc()
    catalog.load(POC)
    again = Stage.objects.get(pk=stage.pk)
    assert (again.opens_at, again.closes_at) == (stage.opens_at, stage.closes_at)


def test_a_changed_text_is_a_new_revision_and_drafts_keep_theirs(tmp_path: Path) -> None:
    """G2: nothing answered is lost, and nobody sees the questions change under his hands."""
    started = factories.fill(factories.draft())
    data = poc_data()
    questions_of(data)["track"]["label"] = "Sur quel parcours candidatez-vous ?"

    catalog.load(written(tmp_path, data))

    first, second = FormRevision.objects.filter(stage__code="candidature").order_by("number")
    assert (first.number, second.number) == (1, 2)
    assert second.questions.count() == first.questions.count()
    assert factories.fresh(started).revision == first
    assert queries.sheet(factories.fresh(started)).completion.is_complete
    assert factories.draft().revision == second
    assert Guichet.objects.count() == 1
    assert TemplateFile.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"help": "Autre aide."},
        {"mandatory": False},
        {"options": {"choices": [{"value": "1", "label": "Parcours 1"}, {"value": "2", "label": "Deux"}]}},
        {"shown_when": {"question": "commitment", "in": [True]}},
        {"frozen_after_transmission": True},
    ],
)
def test_whatever_changes_in_a_question_is_a_new_revision(tmp_path: Path, change: dict[str, Any]) -> None:
    catalog.load(POC)
    data = poc_data()
    questions_of(data)["track"].update(change)
    catalog.load(written(tmp_path, data))
    assert Question.objects.filter(code="track", revision__stage__code="candidature").count() == 2


def test_a_new_revision_follows_the_order_of_the_file(tmp_path: Path) -> None:
    catalog.load(POC)
    data = poc_data()
    data["stages"][0]["form"]["sections"].insert(0, data["stages"][0]["form"]["sections"].pop())
    catalog.load(written(tmp_path, data))
    newest = queries.newest_revision(Stage.objects.get(code="candidature"))
    assert newest is not None
    assert newest.number == 2
    assert [question.code for question in queries.questions(newest)][:2] == ["bank", "comment"]


def test_the_poc_asks_its_nineteen_questions_in_the_order_of_the_guide() -> None:
    """guichets.md, « Its questions »."""
    revision = catalog.load(POC).stages.get(code="candidature").revisions.get()
    asked = [each.code for each in queries.questions(revision) if each.mandatory and not each.shown_when]
    assert asked == [
        "commitment",
        "applicant_kind",
        "track",
        "applicant_type",
        "perimeter",
        "referent_role",
        "contact_commitment",
        "prerequisite_1",
        "prerequisite_1_files",
        "prerequisite_2",
        "prerequisite_2_files",
        "prerequisite_3",
        "prerequisite_3_files",
        "framework_commitment",
        "framework_files",
        "contact_ciso",
        "contact_cio",
        "contact_signatory",
        "bank",
    ]
    frozen = {each.code for each in queries.questions(revision) if each.frozen_after_transmission}
    assert frozen == {"contact_ciso", "contact_cio"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_guichet_has_no_flaw(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert flaws.of_guichet(data) == []
    assert [flaw for stage in data["stages"] if "form" in stage for flaw in flaws.of_form(stage["form"])] == []


WORD = {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}
CHOICE = {
    "code": "choice",
    "kind": "single_choice",
    "label": "Un choix",
    "short_label": "Choix",
    "options": {"choices": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]},
}
BANK = {"code": "bank", "kind": "bank", "label": "Banque", "short_label": "Banque"}


def small(*questions: dict[str, Any], **form: Any) -> dict[str, Any]:
    return {
        "code": "essai",
        "title": "Essai",
        "short_title": "Essai",
        "audience": ["essms"],
        "regional_role": "read",
        "stages": [
            {
                "code": "candidature",
                "kind": "application",
                "title": "Candidature",
                "form": {"sections": [{"title": "Section", "questions": [*questions]}], **form},
            }
        ],
    }


def stage_with(**fields: Any) -> dict[str, Any]:
    data = small(WORD)
    data["stages"][0].update(fields)
    return data


def without(key: str) -> dict[str, Any]:
    data = small(WORD)
    del data[key]
    return data


CONTRADICTIONS: dict[str, tuple[Any, str]] = {
    "unknown kind": (small({**WORD, "kind": "essay"}), "word : nature de question inconnue « essay »"),
    "code used twice": (small(WORD, WORD), "word : ce code est utilisé deux fois"),
    "condition on nothing": (
        small(CHOICE, {**WORD, "shown_when": {"question": "colour", "in": ["a"]}}),
        "word : la condition cite une question absente ou plus loin, « colour »",
    ),
    "condition on a later question": (
        small({**WORD, "shown_when": {"question": "choice", "in": ["a"]}}, CHOICE),
        "word : la condition cite une question absente ou plus loin, « choice »",
    ),
    "condition on itself": (small({**CHOICE, "shown_when": {"question": "choice", "in": ["a"]}}), "« choice »"),
    "condition deep inside": (
        small(CHOICE, {**WORD, "shown_when": {"any": [{"all": [{"question": "colour", "in": ["a"]}]}]}}),
        "« colour »",
    ),
    "condition on an answer that is not offered": (
        small(CHOICE, {**WORD, "shown_when": {"question": "choice", "in": ["c"]}}),
        "word : la condition cite une réponse qui n'existe pas, « c »",
    ),
    "condition that asks nothing": (
        small(CHOICE, {**WORD, "shown_when": {"question": "choice"}}),
        "word : une condition cite une question, puis « in » ou « above »",
    ),
    "condition on an answer that says nothing": (
        small(WORD, BANK, {**CHOICE, "shown_when": {"question": "bank", "in": ["a"]}}),
        "choice : la réponse à « bank » ne dit rien de tel que « value »",
    ),
    "choice without choices": (small({**CHOICE, "options": {}}), "choice : chaque choix a une valeur"),
    "choice that YAML read as a number": (
        small({**CHOICE, "options": {"choices": [{"value": 1, "label": "Un"}]}}),
        "choice : chaque choix a une valeur, entre guillemets",
    ),
    "two choices of one value": (
        small({**CHOICE, "options": {"choices": [{"value": "a", "label": "A"}] * 2}}),
        "choice : deux choix ont la même valeur",
    ),
    "axis that the form does not have": (
        small({**CHOICE, "options": {**CHOICE["options"], "axis": "network"}}),  # type: ignore[dict-item]
        "choice : axe du score inconnu, « network »",
    ),
    "axis without a label": (small(CHOICE, axes=[{"code": "network"}]), "chaque axe du score a un code et un libellé"),
    "axis twice": (
        small(CHOICE, axes=[{"code": "a", "label": "A"}] * 2),
        "deux axes du score ont le même code",
    ),
    "condition that is a word": (
        small(CHOICE, {**WORD, "shown_when": "choice"}),
        "word : une condition cite une question",
    ),
    "unknown property": (small({**WORD, "mandatroy": False}), "word : propriété inconnue « mandatroy »"),
    "no label": (small({**WORD, "label": ""}), "question « word » : il manque « label »"),
    "unknown extension": (
        small({**BANK, "options": {"files": {"extensions": ["pdf", "exe"]}}}),
        "bank : extension inconnue, « exe »",
    ),
    "slot for nothing": (small({**BANK, "options": {"files": {"max_files": 0}}}), "bank : un espace accepte au moins"),
    "nothing mandatory": (small({**WORD, "mandatory": False}), "aucune question n'est obligatoire"),
    "no section": (stage_with(form={"sections": []}), "le formulaire n'a aucune section"),
    "subsidy on a question that does not exist": (
        small(WORD, track_question="track"),
        "track_question : la question « track » n'existe pas",
    ),
    "subsidy on a text": (small(WORD, track_question="word"), "n'est pas de la nature « single_choice »"),
    "perimeter that is a choice": (small(CHOICE, perimeter_question="choice"), "n'est pas de la nature « perimeter »"),
    "closing before opening": (
        stage_with(opens=dt.date(2026, 6, 4), closes=dt.date(2026, 3, 31)),
        "candidature : la fermeture précède l'ouverture",
    ),
    "date with an hour of nowhere": (
        stage_with(opens=dt.datetime(2026, 6, 4, 12)),  # noqa: DTZ001
        "candidature : une ouverture et une fermeture s'écrivent comme un jour",
    ),
    "unknown étape": (stage_with(kind="party"), "candidature : nature d'étape inconnue, « party »"),
    "unknown audience": ({**small(WORD), "audience": ["everybody"]}, "type d'établissement inconnu, « everybody »"),
    "unknown regional role": ({**small(WORD), "regional_role": "write"}, "rôle régional inconnu, « write »"),
    "no title": (without("title"), "guichet « essai » : il manque « title »"),
    "étape twice": (
        {**small(WORD), "stages": small(WORD)["stages"] * 2},
        "l'étape « candidature » est décrite deux fois",
    ),
    "a list": ([1, 2], "le fichier ne décrit pas un guichet"),
    "model that is not there": (
        small({**WORD, "template_file": {"code": "m", "title": "M", "file": "absent.docx"}}),
        "m : le modèle « absent.docx » manque",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_told_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    data, sentence = copy.deepcopy(CONTRADICTIONS[name])
    with pytest.raises(catalog.InvalidCatalog) as refusal:
        catalog.load(written(tmp_path, data))
    assert sentence in str(refusal.value).replace("\u00a0", " ")
    assert rows() == []


def test_the_small_guichet_of_these_tests_is_sound(tmp_path: Path) -> None:
    conditional = {**WORD, "code": "more", "shown_when": {"all": [{"question": "choice", "in": ["a", "b"]}]}}
    catalog.load(written(tmp_path, small(CHOICE, WORD, conditional)))
    assert Guichet.objects.get().stages.get().revisions.get().questions.count() == 3


@pytest.mark.parametrize("inside", ["links", "audience"])
def test_a_file_that_repeats_itself_without_end_is_refused_at_little_cost(inside: str) -> None:
    """A few lines that stand for a billion values, a list that contains itself, levels that kill libyaml."""
    text = POC.read_text(encoding="utf-8")
    levels = ", ".join([f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)])
    for bomb in (f"[&a0 [x, x, x], {levels}]", "&a [*a]", "[" * 200_000):
        with pytest.raises(catalog.InvalidCatalog, match=r"se répète|imbrique"):
            catalog.read(re.sub(rf"^{inside}:.*(\n  .*)*", f"{inside}: {bomb}", text, flags=re.MULTILINE))


@pytest.mark.parametrize("text", ["code: [", "\t- x", "code: &a *b"])
def test_a_file_that_is_not_yaml_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1-essai.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(catalog.InvalidCatalog, match="YAML"):
        catalog.load(path)


def test_a_file_without_a_rank_is_told(tmp_path: Path) -> None:
    with pytest.raises(catalog.InvalidCatalog, match="rang"):
        catalog.load(written(tmp_path, small(WORD), name="essai.yaml"))


def test_the_command_names_the_faulty_file(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "fixtures" / "guichets"
    folder.mkdir(parents=True)
    written(folder, small({**WORD, "kind": "essay"}), name="3-essai.yaml")
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"3-essai\.yaml : étape « candidature », word"):
        call_command("load_guichets", verbosity=0)


def test_loading_costs_the_same_when_nothing_changed(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    catalog.load(POC)
    with django_assert_max_num_queries(15):
        catalog.load(POC)
