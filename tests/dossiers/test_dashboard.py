"""« Tableau de bord » and « Créer un dossier » (D1 to D4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import catalog, queries, workflow
from dossiers.models import Dossier, DossierStage, Stage
from establishments.enums import EstablishmentType
from notifications.models import Email
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories, pages
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db


def waiting(user: User, now: dt.datetime) -> list[DossierStage]:
    stages = queries.available_guichets(queries.represented(user, at=timezone.now())).stages
    return queries.waiting_for_referent(user, now=now, stages=stages).to_fill


WORD = {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}


class TestDashboard:
    def test_a_newcomer_sees_that_there_is_nothing_yet(self) -> None:
        factories.poc()
        page = factories.signed_in(factories.referent(factories.entity())).get(reverse("dossiers:dashboard"))
        assert "Aucune candidature" in pages.text(page)
        assert "Présentation des guichets disponibles" in pages.text(page)
        assert "Créer un dossier" in pages.text(page)

    def test_it_lists_one_s_own_dossiers_and_no_other(self) -> None:
        mine, other = factories.draft(), factories.draft()
        page = pages.owner(mine).get(reverse("dossiers:dashboard"))
        assert mine.dossier.reference in pages.text(page)
        assert other.dossier.reference not in pages.text(page)
        assert "POC AAP ESSMS" in pages.text(page)
        assert "Brouillon" in pages.text(page)

    def test_what_waits_stands_on_top_corrections_first(self) -> None:
        entity = factories.entity()
        person = factories.referent(entity)
        soon = factories.draft(by=person, legal_entity=entity)
        late = factories.draft(by=person, legal_entity=entity, stage=factories.guichet().stages.get())
        Stage.objects.filter(pk=late.stage_id).update(closes_at=timezone.now() + dt.timedelta(days=300))
        third = factories.entity()
        RepresentationFactory(user=person, legal_entity=third, is_primary=False)
        asked = factories.modification_requested(by=person, legal_entity=third)
        Stage.objects.filter(pk=soon.stage_id).update(closes_at=timezone.now() + dt.timedelta(days=2))
        found = waiting(person, timezone.now())
        assert [each.pk for each in found] == [asked.pk, soon.pk, late.pk]
        said = pages.text(factories.signed_in(person).get(reverse("dossiers:dashboard")))
        assert said.index("Modification demandée sur le dossier") < said.index("n'est pas transmis")

    @pytest.mark.parametrize("status", ["transmitted", "validated", "rejected"])
    def test_nothing_waits_when_the_ans_has_the_dossier(self, status: str) -> None:
        stage = factories.BUILDERS[status]()
        assert waiting(stage.dossier.referent, timezone.now()) == []

    def test_a_draft_whose_guichet_closed_waits_no_more(self) -> None:
        stage = factories.draft()
        assert stage.stage.closes_at is not None
        assert waiting(stage.dossier.referent, stage.stage.closes_at) == []

    def test_it_is_searched_by_words_in_any_order_whatever_the_accents(self) -> None:
        entity = factories.entity(name="RESIDENCE SAINT JEAN DU LAC")
        stage = factories.draft(legal_entity=entity)
        client = pages.owner(stage)
        for words in ("lac saint jean", "Résidence", entity.finess, stage.dossier.reference.lower(), "st-jean", ""):
            assert stage.dossier.reference in pages.text(client.get(reverse("dossiers:dashboard"), {"q": words})), words
        page = pages.text(client.get(reverse("dossiers:dashboard"), {"q": "clinique"}))
        assert "Aucun dossier ne correspond" in page

    @pytest.mark.parametrize(
        "key", ["reference", "domaine", "etablissement", "etape", "statut", "validation", "id", "x"]
    )
    def test_it_is_sorted_by_any_column_and_by_nothing_else(self, key: str) -> None:
        client = pages.owner(factories.draft())
        for sort in (key, f"-{key}"):
            assert client.get(reverse("dossiers:dashboard"), {"tri": sort, "page": "zéro"}).status_code == 200

    def test_it_is_paged_by_ten(self) -> None:
        entity = factories.entity()
        person = factories.referent(entity)
        for number in range(12):
            factories.draft(by=person, legal_entity=entity, stage=factories.guichet(code=f"g{number}").stages.get())
        client = factories.signed_in(person)
        first, second = (
            client.get(reverse("dossiers:dashboard"), {"page": page, "tri": "reference"}) for page in (1, 2)
        )
        references = sorted(Dossier.objects.values_list("reference", flat=True))
        table = [response.content.decode().split("<tbody>")[-1] for response in (first, second)]
        assert [reference in table[0] for reference in references] == [True] * 10 + [False] * 2
        assert [reference in table[1] for reference in references] == [False] * 10 + [True] * 2


class TestCreation:
    def post(self, person: Any, stage: Stage, **extra: object) -> HttpResponse:
        representation = person.representations.first()
        return factories.signed_in(person).post(
            reverse("dossiers:create"), {"stage": stage.pk, "establishment": representation.pk, **extra}
        )

    def test_it_leads_to_the_form_of_the_new_dossier(self) -> None:
        person = factories.referent(factories.entity())
        response = self.post(person, factories.poc())
        dossier = Dossier.objects.get()
        assert response["Location"] == reverse("dossiers:form", args=[dossier.reference])
        assert (dossier.referent, dossier.establishment_type) == (person, EstablishmentType.ESSMS)
        assert Email.objects.get().kind == "dossier_created"

    def test_a_second_attempt_is_told_without_naming_the_referent(self) -> None:
        """D3."""
        entity = factories.entity()
        first = factories.referent(entity, last_name="Zyxwvut")
        factories.draft(by=first, legal_entity=entity)
        response = self.post(factories.referent(entity), factories.poc())
        assert response.status_code == 200
        assert "Un dossier existe déjà" in pages.text(response)
        assert pages.title(response).startswith("Erreur –")
        assert "Zyxwvut" not in pages.text(response)
        assert first.email not in pages.text(response)
        assert Dossier.objects.count() == 1

    def test_asked_twice_by_the_same_person_it_leads_to_the_dossier_there_is(self) -> None:
        """A double press, or a tab opened before: it said « Vous ne représentez pas cet établissement »."""
        person = factories.referent(factories.entity())
        self.post(person, factories.poc())
        client = factories.signed_in(person)
        keys = {"stage": factories.poc().pk, "establishment": person.representations.get().pk}
        response = client.post(reverse("dossiers:create"), keys, follow=True)
        dossier = Dossier.objects.get()
        assert response.redirect_chain == [(reverse("dossiers:form", args=[dossier.reference]), 302)]
        label = dossier.legal_entity.label
        assert f"Vous avez déjà un dossier pour {label} sur ce guichet : le voici." in pages.text(response)
        for forged in ({"stage": "9" * 5000}, {"establishment": "un"}, {"stage": "²"}, {"establishment": ""}):
            assert client.post(reverse("dossiers:create"), keys | forged).status_code == 200

    def test_only_guichets_of_one_s_type_are_offered(self) -> None:
        factories.poc()
        hospital = LegalEntityFactory(es=True)
        person = UserFactory()
        RepresentationFactory(user=person, legal_entity=hospital, establishment_type=EstablishmentType.ES)
        page = factories.signed_in(person).get(reverse("dossiers:create"))
        assert "<form" not in page.content.decode().split("<h1>")[1].split("</main>")[0]
        response = self.post(person, factories.poc())
        assert response.status_code == 200
        assert not Dossier.objects.exists()
        with pytest.raises(workflow.Refused, match="ne s'adresse pas"):
            workflow.create_dossier(factories.poc(), hospital, by=person, at=timezone.now())

    def test_an_entity_one_does_not_represent_is_refused(self) -> None:
        person, other = factories.referent(factories.entity()), factories.referent(factories.entity())
        stage = factories.poc()
        response = factories.signed_in(person).post(
            reverse("dossiers:create"), {"stage": stage.pk, "establishment": other.representations.get().pk}
        )
        assert "Vous ne représentez pas cet établissement" in pages.text(response)
        with pytest.raises(workflow.NotAllowed):
            workflow.create_dossier(stage, other.representations.get().legal_entity, by=person, at=timezone.now())
        assert not Dossier.objects.exists()

    @pytest.mark.parametrize(
        "data", [{}, {"stage": "x", "establishment": "y"}, {"stage": "", "establishment": "1' --"}]
    )
    def test_nonsense_is_told_and_creates_nothing(self, data: dict[str, str]) -> None:
        factories.poc()
        response = factories.signed_in(factories.referent(factories.entity())).post(reverse("dossiers:create"), data)
        assert response.status_code == 200
        assert pages.title(response).startswith("Erreur –")
        assert not Dossier.objects.exists()

    def test_an_account_without_establishment_is_told_what_to_do(self) -> None:
        page = factories.signed_in(UserFactory()).get(reverse("dossiers:create"))
        assert "Votre compte ne représente aucun établissement" in pages.text(page)

    def test_a_stage_that_is_not_the_first_takes_no_new_dossier(self) -> None:
        """« Atteinte des objectifs » is for validated dossiers only."""
        first = factories.guichet().stages.get()
        later = Stage.objects.create(
            guichet=first.guichet, position=2, code="suite", kind="application", title="Suite", opens_at=first.opens_at
        )
        catalog.publish(later, {"sections": [{"title": "S", "questions": [WORD]}]}, factories.FIXTURES)
        person = factories.referent(factories.entity())
        entity = person.representations.get().legal_entity
        with pytest.raises(workflow.Refused, match="première étape"):
            workflow.create_dossier(later, entity, by=person, at=timezone.now())
        workflow.create_dossier(first, entity, by=person, at=timezone.now())
