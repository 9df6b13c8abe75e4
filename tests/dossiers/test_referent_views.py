"""The form, its recap and its transmission (D5 to D12): nothing typed is ever lost, nothing happens twice."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers import kinds, queries
from dossiers.enums import Status
from dossiers.models import Stage
from notifications.models import Email
from tests.dossiers import factories, pages
from tests.establishments.factories import GeographicEntityFactory, RegionFactory

pytestmark = pytest.mark.django_db


class TestForm:
    def test_it_asks_the_nineteen_questions_and_says_where_one_stands(self) -> None:
        stage = factories.draft()
        page = pages.owner(stage).get(pages.url("form", stage))
        said = pages.text(page)
        assert "0/19 questions obligatoires répondues" in said
        assert "complétée à 0 %" in said
        assert f"Dossier n° {stage.dossier.reference}" in said
        assert "Les champs obligatoires sont signalés par un astérisque *" in said
        for question in queries.questions(stage.revision):
            assert " ".join(question.label.split()) in said
        assert "Cet espace accepte 10 fichiers maximum" in said

    def test_what_was_saved_is_shown_again(self) -> None:
        stage = factories.fill(factories.draft(), comment={"value": "Ligne 1\nLigne 2 <b>&amp;</b>"})
        page = pages.owner(stage).get(pages.url("form", stage))
        body = page.content.decode()
        assert "19/19 questions obligatoires répondues" in pages.text(page)
        for value in ("Durand", "zoe.durand@exemple.fr", factories.IBAN, "RIB.pdf"):
            assert value in body
        assert "Ligne 2 &lt;b&gt;&amp;amp;&lt;/b&gt;" in body
        assert body.count(" checked") >= 12

    WRONG: dict[str, tuple[str, kinds.Raw, str]] = {
        "iban": ("bank", {"holder": "A", "iban": "FR76 0000", "bic": "AGRIFRPP"}, "IBAN comporte une erreur"),
        "phone": ("contact_signatory", factories.contact(phone="01 23"), "numéro de téléphone valide"),
        "email": ("contact_ciso", factories.contact(email="zoe"), "adresse électronique"),
        "date": (
            "de_minimis",
            {"date_1": "31/02/2025", "amount_1": "12 000", "body_1": "ARS", "basis_1": "Décret"},
            "saisissez une date",
        ),
        "long text": ("comment", {"value": "mot " * 1300}, "raccourcissez votre texte"),
    }

    @pytest.mark.parametrize("name", WRONG)
    def test_what_is_wrong_is_kept_as_typed_with_the_reason(self, name: str) -> None:
        """D6: an incomplete form always saves."""
        code, raw, reason = self.WRONG[name]
        stage = factories.draft()
        client = pages.owner(stage)
        response = pages.send(client, stage, client.get(pages.url("form", stage)), **{code: raw})
        assert response.status_code == 302
        answer = stage.answers.get(code=code)
        expected = {key: content.strip() if name == "nothing" else content for key, content in raw.items()}
        assert (answer.raw, answer.value) == (expected, None)
        page = client.get(pages.url("form", stage))
        assert reason in pages.text(page)
        for content in raw.values():
            assert html.escape(str(content)[:200]) in page.content.decode()
        assert "0/19" in pages.text(page)
        assert pages.title(page).startswith("Erreur –")

    HALF: dict[str, tuple[str, kinds.Raw, str]] = {
        "contact": ("contact_ciso", {"last_name": "Durand"}, "À compléter : Civilité, Prénom, Fonction"),
        "other": ("referent_role", {"value": "other"}, "Précisez votre réponse"),
        "row": ("de_minimis", {"date_1": "15/03/2025"}, "Ligne 1 : renseignez"),
    }

    @pytest.mark.parametrize("name", HALF)
    def test_what_is_half_typed_is_to_complete_and_no_error(self, name: str) -> None:
        code, raw, awaited = self.HALF[name]
        stage = factories.draft()
        factories.save(stage, **{code: raw})
        client = pages.owner(stage)
        page = client.get(pages.url("form", stage))
        assert awaited in pages.text(page)
        assert not pages.title(page).startswith("Erreur")
        assert 'aria-invalid="true"' not in page.content.decode()
        assert awaited.removeprefix("À compléter : ") in pages.text(client.get(pages.url("recap", stage)))
        assert pages.send(client, stage, page, comment={}, button="next")["Location"] == pages.url("recap", stage)

    def test_errors_lead_to_their_fields(self) -> None:
        """Q65."""
        stage = factories.draft()
        factories.save(stage, bank={"holder": "A", "iban": "FR76 0000"}, perimeter={"sites": ["999999999"]})
        body = pages.owner(stage).get(pages.url("form", stage)).content.decode()
        summary = body.split('id="erreurs"')[1].split("</div>")[0]
        targets = re.findall(r'href="#([^"]+)"', summary)
        assert targets == ["id_perimeter-sites", "id_bank-iban"]
        for target in targets:
            assert f'id="{target}"' in body

    def test_next_goes_to_the_recap_only_when_what_was_typed_is_understood(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)
        page = client.get(pages.url("form", stage))
        wrong = pages.send(client, stage, page, bank={"iban": "x"}, button="next")
        assert wrong["Location"] == pages.url("form", stage)
        page = client.get(pages.url("form", stage))
        right = pages.send(client, stage, page, bank={}, comment={"value": "ok"}, button="next")
        assert right["Location"] == pages.url("recap", stage)

    def test_back_from_the_recap_leads_where_one_was(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)
        sent = client.post(pages.url("form", stage), {"next": "1", "from": "track"})
        body = client.get(sent["Location"]).content.decode()
        assert f'href="{pages.url("form", stage)}#question-track">Retour</a>' in body
        assert f'href="{pages.url("form", stage)}">Retour</a>' in client.get(pages.url("recap", stage)).content.decode()

    def test_the_same_form_sent_twice_has_one_effect(self) -> None:
        """Q32: a double click, or back and send again."""
        stage = factories.draft()
        client = pages.owner(stage)
        data = {**pages.typed(client.get(pages.url("form", stage)), comment={"value": "Un mot"}), "draft": "1"}
        first, second = (client.post(pages.url("form", stage), data) for _ in range(2))
        assert (first.status_code, second.status_code) == (302, 302)
        assert first["Location"] == second["Location"]
        assert stage.answers.get().raw == {"value": "Un mot"}

    def test_two_tabs_the_late_one_is_told_and_keeps_what_it_typed(self) -> None:
        """Q33, D6."""
        stage = factories.draft()
        one, other = pages.owner(stage), pages.owner(stage)
        first, second = one.get(pages.url("form", stage)), other.get(pages.url("form", stage))
        pages.send(one, stage, first, comment={"value": "Premier onglet"})

        late = pages.send(other, stage, second, comment={"value": "Second onglet"}, track={"value": "2"})

        assert late.status_code == 409
        assert "modifiée ailleurs" in pages.text(late)
        assert "Premier onglet" in pages.text(late)
        assert "Second onglet" in late.content.decode()
        assert pages.title(late).startswith("Erreur –")
        assert stage.answers.get(code="comment").value == "Premier onglet"
        assert stage.answers.get(code="track").value == {"choice": "2"}, "what does not clash is saved"
        # Sent again knowingly, it is kept.
        again = pages.send(other, stage, late, comment={"value": "Second onglet"})
        assert again.status_code == 302
        assert stage.answers.get(code="comment").value == "Second onglet"

    def test_two_tabs_that_say_the_same_do_not_clash(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)
        for tab in [client.get(pages.url("form", stage)) for _ in range(2)]:
            assert pages.send(client, stage, tab, comment={"value": "Pareil"}).status_code == 302

    def test_an_untouched_tab_takes_nothing_back(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)
        old = client.get(pages.url("form", stage))
        factories.save(stage, comment={"value": "Écrit depuis"})
        response = pages.send(client, stage, old, comment={}, track={"value": "1"})
        assert response.status_code == 302
        assert stage.answers.get(code="comment").value == "Écrit depuis"

    @pytest.mark.parametrize(
        ("stored", "shown"), [({}, "Réponse effacée"), ({"iban": "FR76 0000 faux"}, "FR76 0000 faux")]
    )
    def test_a_conflict_shows_what_was_stored_even_when_it_is_nothing_or_wrong(
        self, stored: kinds.Raw, shown: str
    ) -> None:
        stage = factories.draft()
        factories.save(stage, bank={"holder": "Au départ"})
        client = pages.owner(stage)
        old = client.get(pages.url("form", stage))
        factories.save(stage, bank=stored)
        late = pages.send(client, stage, old, bank={"holder": "Moi aussi"})
        assert late.status_code == 409
        assert shown in pages.text(late)
        assert "Moi aussi" in late.content.decode()

    def test_an_answer_is_erased_by_sending_it_blank(self) -> None:
        stage = factories.draft()
        factories.save(stage, comment={"value": "À effacer"})
        client = pages.owner(stage)
        pages.send(client, stage, client.get(pages.url("form", stage)), comment={})
        answer = stage.answers.get(code="comment")
        assert (answer.raw, answer.value) == ({}, None)

    def test_nul_characters_do_not_break_a_save(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)
        data = pages.typed(client.get(pages.url("form", stage)), comment={"value": "a\x00b"})
        assert client.post(pages.url("form", stage), {**data, "\x00": "\x00"}).status_code == 302
        assert stage.answers.get(code="comment").value == "ab"

    def test_a_conditional_question_is_there_and_hidden_until_it_is_asked(self) -> None:
        stage = factories.draft()
        client = pages.owner(stage)

        def is_hidden(code: str) -> bool:
            tag = re.search(
                rf'<div[^>]*id="question-{code}"[^>]*>', client.get(pages.url("form", stage)).content.decode()
            )
            assert tag
            return " hidden" in tag[0]

        assert is_hidden("partnership_agreement")
        factories.save(stage, applicant_kind={"value": "convention"})
        assert not is_hidden("partnership_agreement")

    def test_a_requested_modification_stands_on_top_and_beside_its_question(self) -> None:
        """D11, D12."""
        stage = factories.modification_requested(
            message="Il manque une pièce.", remarks={"track": "Confirmez le parcours."}
        )
        page = pages.owner(stage).get(pages.url("form", stage))
        said, body = pages.text(page), page.content.decode()
        assert "Demande de modification de l'étape Formulaire de candidature" in said
        assert said.index("Il manque une pièce.") < said.index("Confirmez le parcours.")
        question = body.split('id="question-track"')[1].split('id="question-')[0]
        assert "Confirmez le parcours." in question
        frozen = body.split('id="question-contact_ciso"')[1].split('id="question-')[0]
        assert "<input" not in frozen
        assert "Durand" in frozen
        assert "écrivez au support" in frozen

    def test_a_transmitted_dossier_is_shown_read_only(self) -> None:
        stage = factories.transmitted()
        page = pages.owner(stage).get(pages.url("form", stage))
        assert "data-dossier-form" not in page.content.decode()
        assert "Télécharger le récépissé" in pages.text(page)
        assert "Madame Zoé Durand" in pages.text(page)
        assert "Dossier transmis" in pages.text(page)

    def test_saving_over_a_transmission_is_refused_and_shows_what_was_typed(self) -> None:
        stage = factories.fill(factories.draft())
        client = pages.owner(stage)
        page = client.get(pages.url("form", stage))
        factories.transmit(stage)
        late = pages.send(client, stage, page, comment={"value": "Trop tard"})
        assert late.status_code == 409
        assert "« Transmis »" in pages.text(late)
        assert "Trop tard" in late.content.decode()
        assert not stage.answers.filter(code="comment").exists()

    def test_an_answer_left_wrong_can_still_be_read_once_closed(self) -> None:
        stage = factories.draft()
        factories.save(stage, bank={"holder": "A", "iban": "FR76 9999 0000"})
        Stage.objects.update(closes_at=timezone.now() - dt.timedelta(seconds=1))
        page = pages.owner(stage).get(pages.url("form", stage))
        assert "data-dossier-form" not in page.content.decode()
        assert "FR76 9999 0000" in pages.text(page)

    def test_markup_that_someone_typed_stays_text(self) -> None:
        entity = factories.entity(name="<script>alert(1)</script>")
        GeographicEntityFactory(legal_entity=entity, name="<img src=x>", region=RegionFactory(code="94"))
        stage = factories.fill(
            factories.draft(legal_entity=entity),
            comment={"value": "</textarea><script>alert(2)</script>"},
            contact_ciso=factories.contact(last_name='"><script>alert(3)</script>'),
            framework_files=[factories.pdf("<b>nom</b>.pdf")],
            reference_regions={"value": ["11"]},
        )
        client = pages.owner(stage)
        for name in ("form", "recap"):
            body = client.get(pages.url(name, stage)).content.decode()
            assert "<script>alert" not in body
            assert "<img src=x" not in body
            assert "<b>nom" not in body
        factories.transmit(stage)
        body = client.get(pages.url("form", stage)).content.decode()
        assert "<script>alert" not in body
        assert "<b>nom" not in body


class TestRecapAndTransmission:
    def test_an_incomplete_recap_lists_what_is_missing_and_cannot_transmit(self) -> None:
        stage = factories.fill(factories.draft(), track=None, bank=[])
        client = pages.owner(stage)
        page = client.get(pages.url("recap", stage))
        assert "2 réponses manquent" in pages.text(page)
        assert f'href="{pages.url("form", stage)}#question-track"' in page.content.decode()
        assert re.search(r"<button[^>]*disabled[^>]*>Transmettre votre dossier", page.content.decode())
        forced = client.post(pages.url("transmit", stage), {"seen": pages.fields(page)["seen"]})
        assert forced.status_code == 409
        assert "n'est pas complet" in pages.text(forced)
        assert factories.fresh(stage).status == Status.DRAFT

    def test_a_complete_recap_shows_everything_and_transmits(self) -> None:
        stage = factories.fill(factories.draft())
        client = pages.owner(stage)
        page = client.get(pages.url("recap", stage))
        said = pages.text(page)
        for expected in ("Vérifier votre saisie", "Madame Zoé Durand", "RIB.pdf", "18 800 €", "Parcours 1"):
            assert expected in said
        response = client.post(pages.url("transmit", stage), {"seen": pages.fields(page)["seen"]})
        assert response["Location"] == pages.url("form", stage)
        assert "Votre dossier est transmis" in pages.text(client.get(response["Location"]))
        assert factories.fresh(stage).status == Status.TRANSMITTED

    def test_transmitting_twice_transmits_once_and_shows_the_same_page(self) -> None:
        """Q32."""
        stage = factories.fill(factories.draft())
        client = pages.owner(stage)
        data = {"seen": pages.fields(client.get(pages.url("recap", stage)))["seen"]}
        first, second = (client.post(pages.url("transmit", stage), data) for _ in range(2))
        assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
        assert stage.transmissions.count() == 1
        assert Email.objects.filter(kind="dossier_transmitted").count() == 1

    def test_what_changed_since_the_recap_has_to_be_read_again(self) -> None:
        """Q35."""
        stage = factories.fill(factories.draft())
        client = pages.owner(stage)
        data = {"seen": pages.fields(client.get(pages.url("recap", stage)))["seen"]}
        factories.save(stage, comment={"value": "Ajouté dans un autre onglet"})
        refused = client.post(pages.url("transmit", stage), data)
        assert refused.status_code == 409
        assert "a changé depuis" in pages.text(refused)
        assert "Ajouté dans un autre onglet" in pages.text(refused)
        again = client.post(pages.url("transmit", stage), {"seen": pages.fields(refused)["seen"]})
        assert again.status_code == 302
        assert stage.transmissions.get().answers["comment"] == "Ajouté dans un autre onglet"

    def test_the_receipt_of_each_transmission_is_its_own(self) -> None:
        stage = factories.modification_requested()
        client = pages.owner(stage)
        response = client.get(pages.url("receipt", stage, 1))
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith("attachment")
        assert response.content.startswith(b"%PDF-")
        assert client.get(pages.url("receipt", stage, 2)).status_code == 404
        assert client.get(pages.url("receipt", stage, 10**30)).status_code == 404


def test_no_page_of_a_dossier_is_kept_by_a_browser() -> None:
    """ASVS 14.3.2."""
    stage = factories.fill(factories.draft())
    client = pages.owner(stage)
    for address in (
        pages.url("form", stage),
        pages.url("recap", stage),
        reverse("dossiers:dashboard"),
        "/dossiers/ABCDEFGH23/",
    ):
        assert "no-store" in client.get(address)["Cache-Control"]
    assert "Cache-Control" not in Client().get(reverse("dossiers:home"))
