"""What changed between two transmissions: answers in words, files by name and content."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from dossiers import comparison, queries, workflow
from dossiers.comparison import Piece, words
from dossiers.kinds import Change
from dossiers.models import Attachment, DossierStage, Question
from tests.dossiers import factories, pages
from tests.dossiers.test_kinds_of_one_field import spaced


@dataclass
class Entry:
    question: Question
    value: Any = None
    files: list[Attachment] = field(default_factory=list)


def asked(code: str, kind: str = "short_text", **fields: Any) -> Question:
    return Question(code=code, kind=kind, label=code.title(), short_label=code.title(), **fields)


def told(before: list[Entry], after: list[Entry]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (each.question.code, [(change.label, spaced(change.before), spaced(change.after)) for change in each.changes])
        for each in comparison.changes(before, after)
    ]


BANK = {"holder": "Association", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}


@pytest.mark.parametrize(
    ("question", "before", "after", "changes"),
    [
        (asked("q"), "un", "deux", [("", "un", "deux")]),
        (asked("q"), None, "deux", [("", "", "deux")]),
        (asked("q", "amount"), "1000.00", "1250.50", [("", "1 000 €", "1 250,50 €")]),
        (asked("q", "phone"), "+33123456789", None, [("", "01 23 45 67 89", "")]),
        (
            asked("q", "bank"),
            BANK,
            {**BANK, "iban": "DE89370400440532013000"},
            [("IBAN", "masqué, se terminant par 0189", "masqué, se terminant par 3000")],
        ),
        (
            asked("q", "table", options={"columns": [{"code": "a", "label": "Poste", "kind": "text"}]}),
            {"rows": [{"a": "un"}, {"a": "deux"}]},
            {"rows": [{"a": "un"}, {"a": "trois"}, {"a": "quatre"}]},
            [("Ligne 2", "Poste : deux", "Poste : trois"), ("Ligne 3", "", "Poste : quatre")],
        ),
    ],
)
def test_only_what_differs_is_told(question: Question, before: Any, after: Any, changes: list[Any]) -> None:
    assert told([Entry(question, before)], [Entry(question, after)]) == [("q", changes)]
    assert told([Entry(question, after)], [Entry(question, after)]) == []


def test_sites_come_and_go_one_by_one() -> None:
    def site(number: str, *, equipped: bool) -> dict[str, Any]:
        return {"finess": number, "name": "EHPAD", "essms": True, "equipped": equipped, "legal_entity": "1"}

    before = {"sites": [site("1", equipped=False), site("2", equipped=True)]}
    after = {"sites": [site("1", equipped=True), site("3", equipped=True)]}
    question = asked("q", "perimeter")
    [(_, changes)] = told([Entry(question, before)], [Entry(question, after)])
    assert [(label, bool(old), bool(new)) for label, old, new in changes] == [
        ("1", True, True),
        ("2", True, False),
        ("3", False, True),
    ]


def test_questions_come_in_the_later_order_and_those_gone_last() -> None:
    first, second, third = asked("first"), asked("second"), asked("third")
    before = [Entry(first, "un"), Entry(second, "deux")]
    after = [Entry(third, "trois"), Entry(second, "2")]
    assert [code for code, _ in told(before, after)] == ["third", "second", "first"]


def test_a_question_that_changed_kind_lost_an_answer_and_got_another() -> None:
    before, after = [Entry(asked("q"), "douze")], [Entry(asked("q", "number"), "12")]
    assert told(before, after) == [("q", [("", "douze", ""), ("", "", "12")])]


@pytest.mark.django_db
def test_two_transmissions_of_a_dossier() -> None:
    """The files that were kept are no change."""
    stage = factories.modification_requested(sites=1)
    factories.save(stage, contact_ciso=factories.contact(last_name="Frozen"), referent_role={"value": "cio"})
    old = stage.attachments.get(code="framework_files")
    factories.deposit(stage, factories.archive(old.name.replace(".docx", ".zip")))
    stage.attachments.filter(pk=old.pk).update(archived_at=old.uploaded_at)
    factories.transmit(stage)
    before, after = (
        [entry for _, entries in queries.transmitted_sections(each) for entry in entries]
        for each in stage.transmissions.order_by("number")
    )
    found = {each.question.code: each for each in comparison.changes(before, after)}
    assert found.keys() == {"referent_role", "framework_files"}
    assert found["referent_role"].changes == [Change("", "RSSI", "DSI ou responsable informatique")]
    assert [file.name for file in found["framework_files"].files_removed] == [old.name]
    assert [file.name for file in found["framework_files"].files_added] == ["Cadre de réponse.zip"]


def test_words_that_went_and_came_stand_in_their_sentence() -> None:
    pieces = words("Le diagnostic est prévu en mars 2026.", "Le diagnostic est réalisé en mars 2026.")
    assert [(each.text, each.is_removed, each.is_added) for each in pieces] == [
        ("Le diagnostic est ", False, False),
        ("prévu", True, False),
        ("réalisé", False, True),
        (" en mars 2026.", False, False),
    ]
    assert words("", "Oui") == [Piece("Oui", is_added=True)]
    assert words("Parcours 1", "") == [Piece("Parcours 1", is_removed=True)]
    # Nothing in common, or too long: whole, one after the other.
    assert [each.text for each in words("Alpha bêta", "Tout autre chose, écrite ailleurs")] == [
        "Alpha bêta",
        "Tout autre chose, écrite ailleurs",
    ]
    assert len(words("mot " * 5000, "mot " * 4999)) == 2


@pytest.mark.django_db
def test_both_sides_read_what_changed_between_two_transmissions() -> None:
    stage = factories.modification_requested()
    [first_site, _] = stage.dossier.legal_entity.sites.order_by("finess")
    factories.save(
        stage,
        comment={"value": "<b>Réalisé</b>"},
        track={"value": "2"},
        perimeter={"sites": [first_site.finess], "equipped": [first_site.finess]},
    )
    factories.deposit(stage, factories.pdf("Annexe.pdf"))
    factories.transmit(stage)
    verifier = factories.signed_in(factories.UserFactory(verifier=True))
    for client, name in ((verifier, "instructed-comparison"), (pages.owner(stage), "comparison")):
        response = client.get(pages.url(name, stage))
        page = pages.text(response)
        assert "4 réponses ont changé" in page
        assert "Fichier ajouté Annexe.pdf" in page
        assert "Télécharger « Annexe.pdf »" in page, "read from here"
        assert "18 800 € 17 000 €" in page
        assert "&lt;b&gt;Réalisé&lt;/b&gt;" in response.content.decode()
        assert "Ajouté : " in page and "Retiré : " in page  # noqa: PT018
    assert "Comparer avec la précédente" in pages.text(verifier.get(pages.url("instruction-dossier", stage)))
    # Numbers of no transmission: the last two; the other way round: the same.
    odd = pages.text(verifier.get(pages.url("instructed-comparison", stage), {"de": "2", "a": "9"}))
    assert "De la transmission n° 1" in odd


@pytest.mark.django_db
def test_the_comparison_of_an_etape_behind_stays_on_it_and_in_the_list_one_comes_from() -> None:
    stage = factories.modification_requested()
    for word in ("Un.", "Deux."):
        factories.save(stage, comment={"value": word})
        factories.transmit(stage)
        if word == "Un.":
            stage = asked_again(stage)
    listed = "tri=-transmission&etape=poc-essms.candidature"
    client = factories.signed_in(verifier := factories.UserFactory(verifier=True))
    here = pages.url("instructed-comparison", stage)
    assert f'{here}?{listed.replace("&", "&amp;")}"' in (
        client.get(f"{pages.url('instruction-dossier', stage)}?{listed}").content.decode()
    )
    page = client.get(f"{here}?{listed}")
    assert kept(page) == {"tri": "-transmission", "etape": "poc-essms.candidature"}
    # The dossier goes on to its objectives, which become what is instructed.
    workflow.validate(factories.fresh(stage), by=verifier)
    _, objectives = factories.next_stages()
    begun = workflow.start_stage(factories.fresh(stage), objectives, by=stage.dossier.referent, at=timezone.now())
    factories.save(begun, word={"value": "Fait."})
    factories.transmit(begun)
    assert "rien à comparer" in pages.text(client.get(here))
    behind = client.get(pages.url("instruction-stage", stage, "candidature"))
    assert f'{here}?lue=candidature"' in behind.content.decode()
    page = client.get(f"{here}?lue=candidature")
    assert kept(page) == {"lue": "candidature"}
    assert "De la transmission n° 1" in pages.text(client.get(f"{here}?lue=candidature&de=1&a=3"))


def asked_again(stage: DossierStage) -> DossierStage:
    """After another request, without a remark."""
    workflow.request_modification(
        factories.fresh(stage),
        by=factories.UserFactory(verifier=True),
        message="Encore.",
        remarks={},
        due_at=timezone.now() + dt.timedelta(days=3),
    )
    return factories.fresh(stage)


def kept(page: HttpResponse) -> dict[str, str]:
    """What choosing two transmissions leaves of the address."""
    return {name: value for name, value in pages.fields(page).items() if name != "csrfmiddlewaretoken"}


@pytest.mark.django_db
def test_what_was_remarked_stands_beside_what_changed_and_what_did_not() -> None:
    stage = factories.modification_requested(remarks={"comment": "Dites pourquoi.", "track": "Parcours 2 ?"})
    factories.save(stage, comment={"value": "Parce que."})
    factories.transmit(stage)
    for client, name in ((pages.owner(stage), "comparison"), (reader(), "instructed-comparison")):
        said = pages.text(client.get(pages.url(name, stage)))
        changed, _, unchanged = said.partition("Remarques dont la réponse n'a pas changé")
        assert "Remarque de l'ANS Dites pourquoi." in changed
        assert "Parcours 2 ?" not in changed
        assert "Parcours 2 ?" in unchanged
        assert "Dites pourquoi." not in unchanged
    # Transmitted again after another request, which had no remark.
    factories.save(asked_again(stage), comment={"value": "Autrement."})
    factories.transmit(stage)
    assert "Remarque" not in pages.text(reader().get(pages.url("instructed-comparison", stage)))
    assert "Dites pourquoi." in pages.text(reader().get(pages.url("instructed-comparison", stage), {"de": 1, "a": 2}))


def reader() -> Client:
    return factories.signed_in(factories.UserFactory(verifier=True))
