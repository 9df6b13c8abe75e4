"""A dossier in the back-office: what a verifier reads, what he does not, and what it costs (I2, D11, D16, Q70)."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from dossiers import workflow
from dossiers.enums import RegionalRole
from dossiers.models import DossierStage, Guichet
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db

DECISIONS = ("request-modification", "validate", "reject", "reopen")


def url(stage: DossierStage, name: str = "instruction-dossier") -> str:
    return reverse(f"dossiers:{name}", args=[stage.dossier.reference])


def text(response: HttpResponse) -> str:
    """The words of a page, without its tags."""
    source = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source)).split())


def actions(response: HttpResponse) -> set[str]:
    """The decisions that a page links to."""
    pattern = r'href="/instruction/[A-Z2-9]{10}/(modification|validation|rejet|reouverture)/'
    return set(re.findall(pattern, response.content.decode()))


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True, first_name="Hélène", last_name="Marchand")
    return user


@pytest.fixture
def client(verifier: User) -> Client:
    return factories.signed_in(verifier)


# What is read


def test_the_page_shows_what_was_transmitted(client: Client) -> None:
    stage = factories.transmitted(
        overrides={
            "applicant_type": {"value": "hospital"},
            "perimeter_separation": {"value": "Deux réseaux."},
            "care_funding": {"value": "aucun"},
        }
    )
    dossier = stage.dossier
    page = text(client.get(url(stage)))
    assert dossier.reference in page
    assert dossier.legal_entity.label in page
    assert "Transmission n° 1" in page
    assert dossier.referent.email in page
    assert "01 01 01 01 01" in page
    assert "Deux réseaux." in page
    for site in dossier.legal_entity.sites.all():
        assert site.finess in page
    assert "Total 18 800 €" in page
    assert "Aides de minimis déjà perçues ou octroyées Non renseigné" in page
    assert "Convention de partenariat" not in page  # a question that was not asked


def test_each_file_can_be_downloaded_and_tells_its_size_and_digest(client: Client) -> None:
    stage = factories.transmitted()
    response = client.get(url(stage))
    page = response.content.decode()
    for attachment in stage.attachments.all():
        assert reverse("dossiers:instructed-file", args=[stage.dossier.reference, attachment.public_id]) in page
        assert attachment.sha256[:12] in page
        read = reverse("dossiers:view-instructed-file", args=[stage.dossier.reference, attachment.public_id])
        assert (read in page) == attachment.name.endswith(".pdf")
    assert "Ouvrir « Lettre d'engagement.pdf » dans un nouvel onglet" in text(response).replace("\u00a0", " ")
    assert "Lettre d&#x27;engagement.pdf" in page
    assert "Ko" in text(response)


def test_the_iban_is_masked(client: Client) -> None:
    response = client.get(url(factories.transmitted()))
    compact = re.sub(r"\s", "", text(response))
    assert "FR7630006000011234567890189" not in compact
    assert "se terminant par 0189" in text(response)


def test_a_correction_under_way_is_not_seen_until_it_is_transmitted(client: Client, verifier: User) -> None:
    stage = factories.modification_requested(verifier=verifier)
    factories.save(stage, comment={"value": "Texte en cours de correction."})
    workflow.add_file(
        stage, "framework_files", factories.pdf("Annexe.pdf"), by=stage.dossier.referent, at=timezone.now()
    )
    before = text(client.get(url(stage)))
    assert "Texte en cours de correction." not in before
    assert "Cadre de réponse et pièces complémentaires Cadre de réponse.docx" in before
    factories.transmit(stage)
    after = text(client.get(url(stage)))
    assert "Texte en cours de correction." in after
    assert "Annexe.pdf" in after
    assert "Transmission n° 2" in after
    assert "Transmissions précédentes n° 1, le" in after


def test_the_request_and_its_remarks_stand_beside_the_answers(client: Client, verifier: User) -> None:
    stage = factories.modification_requested(verifier=verifier)
    page = text(client.get(url(stage)))
    assert "Modification demandée Par Hélène Marchand" in page
    assert "Le diagnostic OPSSIMS est incomplet." in page
    assert "Diagnostic OPSSIMS Remarque de l'ANS Joignez celui de chaque EJ." in page
    assert "Vous pourrez décider quand il l'aura transmis à nouveau." in page
    factories.transmit(stage)
    page = text(client.get(url(stage)))
    assert "Dernière demande de modification Par Hélène Marchand" in page
    assert "Le référent y a répondu le" in page
    assert "Remarque de l'ANS Joignez celui de chaque EJ." in page


def test_the_history_says_who_did_what(client: Client, verifier: User) -> None:
    stage = factories.rejected(verifier=verifier, reason="Le prérequis n° 3 n'est pas rempli.")
    page = text(client.get(url(stage)))
    history = page[page.index("Historique") :]
    assert re.search(r"Étape rejetée .* par Hélène Marchand \(Vérificateur ANS\) Le prérequis n° 3", history)
    assert re.search(rf"Dossier transmis .* par {stage.dossier.referent.full_name}", history)
    assert "Pièce déposée : Périmètre" not in history
    assert history.index("Étape rejetée") < history.index("Dossier transmis") < history.index("Dossier créé")


# What may be done


def test_a_verifier_decides_on_what_is_transmitted(client: Client) -> None:
    assert actions(client.get(url(factories.transmitted()))) == {"modification", "validation", "rejet"}


@pytest.mark.parametrize("status", ["modification_requested", "validated", "rejected"])
def test_a_verifier_decides_nothing_else(client: Client, status: str) -> None:
    assert actions(client.get(url(factories.BUILDERS[status]()))) == set()


@pytest.mark.parametrize("status", ["validated", "rejected"])
def test_a_lead_may_reopen_what_is_decided(status: str) -> None:
    client = factories.signed_in(UserFactory(lead=True))
    assert actions(client.get(url(factories.BUILDERS[status]()))) == {"reouverture"}


@pytest.mark.parametrize(
    ("regional_role", "offered"),
    [(RegionalRole.INSTRUCT, {"modification", "validation", "rejet"}), (RegionalRole.READ, set())],
)
def test_a_regional_instructor_does_what_the_guichet_lets_him(regional_role: str, offered: set[str]) -> None:
    stage = factories.transmitted()
    Guichet.objects.update(regional_role=regional_role)
    client = factories.signed_in(UserFactory(regional=True, regions=[RegionFactory(code="11")]))
    response = client.get(url(stage))
    assert actions(response) == offered
    for name in DECISIONS:
        expected = 200 if offered and name != "reopen" else 404
        assert client.get(url(stage, name)).status_code == expected, name


# Who may not (D16, Q19)


def test_what_one_may_not_read_looks_like_what_does_not_exist(client: Client) -> None:
    stage = factories.transmitted()
    draft = factories.draft()
    unknown = reverse("dossiers:instruction-dossier", args=["ABCDEFGHJK"])
    outside = UserFactory(regional=True, regions=[RegionFactory(code="84")])
    missing = client.get(unknown)
    assert missing.status_code == 404
    others = [
        client.get(url(draft)),
        factories.signed_in(outside).get(url(stage)),
        factories.signed_in(stage.dossier.referent).get(url(stage)),
        factories.signed_in(factories.referent(stage.dossier.legal_entity)).get(url(stage)),
        factories.signed_in(UserFactory(admin=True)).get(url(stage)),
    ]
    for response in others:
        assert response.status_code == 404
        assert response.content == missing.content


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_decisions_do_not_exist_for_those_who_do_not_instruct(name: str, method: str) -> None:
    stage = factories.transmitted()
    people = [
        stage.dossier.referent,
        UserFactory(admin=True),
        UserFactory(regional=True, regions=[RegionFactory(code="84")]),
    ]
    data = {"read": 1, "reason": "Non.", "message": "Non.", "due_on": "2099-01-01"} if method == "post" else {}
    for user in people:
        assert getattr(factories.signed_in(user), method)(url(stage, name), data).status_code == 404
    assert factories.fresh(stage).status == "transmitted"


@pytest.mark.parametrize("reference", ["%00", "abcdefghjk", "A" * 300, "%E2%80%AE", "..%2F..", "é"])
def test_no_address_breaks_the_page(client: Client, reference: str) -> None:
    assert client.get(f"/instruction/{reference}/").status_code == 404
    assert client.get(f"/instruction/{reference}/validation/").status_code == 404


# Where one comes from


def test_the_filters_of_the_list_follow_there_and_back(client: Client) -> None:
    stage = factories.transmitted()
    listed = client.get("/instruction/?q=tilleuls&statut=transmitted").content.decode()
    assert f'href="{url(stage)}?q=tilleuls&amp;statut=transmitted&amp;tri=-transmission"' in listed
    page = client.get(f"{url(stage)}?q=tilleuls&statut=transmitted").content.decode()
    assert 'href="/instruction/?q=tilleuls&amp;statut=transmitted"' in page
    assert f'href="{url(stage, "validate")}?q=tilleuls&amp;statut=transmitted"' in page
    response = client.post(f"{url(stage, 'validate')}?q=tilleuls&statut=transmitted", {"read": 1})
    assert response["Location"] == f"{url(stage)}?q=tilleuls&statut=transmitted"


# Cost


@pytest.mark.parametrize("role", ["verifier", "regional"])
def test_a_dossier_costs_the_same_whatever_it_holds(
    django_assert_max_num_queries: DjangoAssertNumQueries, role: str
) -> None:
    user: User = UserFactory(**{role: True}, regions=[RegionFactory(code="11")] if role == "regional" else [])
    client = factories.signed_in(user)
    costs = []
    for sites, files, rounds in ((1, 1, 0), (3, 3, 1), (30, 10, 3)):
        stage = factories.transmitted(sites=sites, overrides={"framework_files": [factories.docx()] * files})
        Guichet.objects.update(regional_role=RegionalRole.INSTRUCT)
        for _ in range(rounds):
            codes = ("track", "perimeter", "bank", "comment")[:sites]
            workflow.request_modification(
                factories.fresh(stage),
                by=UserFactory(verifier=True),
                message="À revoir.",
                remarks=dict.fromkeys(codes, "À revoir."),
                due_at=timezone.now() + dt.timedelta(days=3),
            )
            factories.transmit(stage)
        with django_assert_max_num_queries(12) as captured:
            assert client.get(url(stage)).status_code == 200
        costs.append(len(captured))
    assert costs[0] == costs[1] == costs[2]
