"""The eight points of vigilance, on real rows of FINESS, and what people do with them (I6)."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from dossiers import workflow
from dossiers.enums import EventKind, FlagKind
from dossiers.models import Appraisal, DossierStage, Event, Flag, Transmission
from dossiers.vigilance import is_none
from dossiers.workflow import vigilance
from ecare import encryption
from establishments import workflow as register
from establishments.enums import ImportStatus
from establishments.models import Category, GeographicEntity, HospitalGroup, ImportRun, LegalEntity
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db

CROIX_ROUGE, ORSAC = "750721334", "010783009"
#: A site of the Croix-Rouge that is no ESSMS: « ABRI DE NUIT PERPIGNAN », category 219.
NIGHT_SHELTER = "660010331"
SAMPLE = settings.BASE_DIR / "fixtures" / "finess" / "finessplus_structures_20260813_sample.json.gz"


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True, first_name="Hélène", last_name="Marchand")
    return user


def real() -> None:
    register.load_reference(settings.BASE_DIR / "fixtures" / "reference")
    register.import_extracts([SAMPLE])


def apply(finess: str, **answers: Any) -> DossierStage:
    legal_entity = LegalEntity.objects.get(finess=finess)
    by = factories.referent(legal_entity)
    return factories.transmitted(by=by, legal_entity=legal_entity, overrides=answers)


def perimeter(*sites: str, entities: tuple[str, ...] = ()) -> dict[str, Any]:
    ticked: dict[str, Any] = {"sites": [*sites], "equipped": [*sites]}
    return {**ticked, "entities": [*entities]} if entities else ticked


def essms(entity: str, *, region: str = "") -> str:
    sites = GeographicEntity.objects.active().essms().filter(legal_entity__finess=entity).order_by("finess")
    return str((sites.filter(region=region) if region else sites).values_list("finess", flat=True)[0])


def told(stage: DossierStage) -> dict[str, str]:
    return dict(stage.flags.values_list("kind", "text"))


def test_the_eight_flags_on_the_rows_of_finess(verifier: User) -> None:
    real()
    shared = essms(ORSAC)
    last_year = timezone.localdate() - dt.timedelta(days=300)
    aids = {
        "date_1": str(last_year),
        "amount_1": "290 000",
        "body_1": "ARS",
        "basis_1": "Règlement 2023/2831",
        # Neither counts: another regime, and too old.
        "date_2": str(last_year),
        "amount_2": "500 000",
        "body_2": "ANS",
        "basis_2": "ESMS numérique",
        "date_3": "2019-01-01",
        "amount_3": "500 000",
        "body_3": "ARS",
        "basis_3": "Minimis",
    }
    first = apply(
        CROIX_ROUGE,
        applicant_kind={"value": "og"},
        applicant_type={"value": "hospital"},
        perimeter_separation={"value": "Deux réseaux."},
        care_funding={"value": "Domaine 1 : 40 000 € pour l'audit de l'annuaire."},
        perimeter=perimeter(NIGHT_SHELTER, essms(CROIX_ROUGE, region="44"), shared, entities=(ORSAC,)),
        reference_regions={"value": ["94"]},
        de_minimis=aids,
    )
    second = apply(ORSAC, perimeter=perimeter(shared))
    assert vigilance.appraise_due() == 2
    texts = told(first)
    assert texts.keys() == set(FlagKind)
    assert "ORSAC (010783009) compte 56\u00a0établissements de santé ouverts pour 47 ESSMS." in texts["sanitary"]
    assert "se déclare rattaché à un GHT" in texts["sanitary"]
    assert f"({shared}). Une entité n'est financée qu'une fois." in texts["shared_site"]
    assert "Domaine 1 : 40 000 € pour l'audit" in texts["care_funding"]
    assert "308\u202f800\u00a0€" in texts["de_minimis"]  # with two sites of parcours 1, the shelter left out
    assert f"ABRI DE NUIT PERPIGNAN ({NIGHT_SHELTER}, Autre Centre d'Accueil)" in texts["not_essms"]
    assert "réunit 2 entités juridiques" in texts["diagnoses"]
    assert "contient 1\u00a0fichier" in texts["diagnoses"]
    assert "d'une autre entité juridique. Vérifiez" in texts["shared_account"]
    assert "aucune des régions référentes choisies" in texts["regions"]
    assert told(second).keys() == {"sanitary", "shared_site", "shared_account"}
    assert second.flags.get(kind="shared_site").others == [first.dossier.reference]

    # A GHT of the register is enough, without a word of the candidate.
    HospitalGroup.objects.get().members.add(LegalEntity.objects.get(finess=CROIX_ROUGE))
    ImportRun.objects.create(status=ImportStatus.DONE, finished_at=timezone.now())
    # A rejected dossier funds nothing; its account stays known.
    workflow.reject(second, by=verifier, reason="Doublon.")
    assert vigilance.appraise_due() == 2
    texts = told(first)
    assert "CROIX ROUGE FRANCAISE (750721334) est membre du GHT 21-52 Côte d'Or-Haute-Marne." in texts["sanitary"]
    assert "shared_site" not in texts
    assert "shared_account" in texts


def test_nothing_is_told_of_a_plain_dossier_and_everything_is_told_in_as_many_queries() -> None:
    plain = factories.transmitted()
    vigilance.appraise_due()
    assert told(plain) == {}
    assert Appraisal.objects.get(dossier_stage=plain).at is not None
    assert vigilance.appraise_due() == 0
    stages = [plain, *(factories.transmitted() for _ in range(3))]  # the same IBAN, by four EJ
    vigilance.appraise_due()
    costs = []
    for keys in ([plain.pk], [stage.pk for stage in stages]):
        Flag.objects.all().delete()
        Appraisal.objects.update(at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            vigilance.appraise(keys)
        costs.append(len(queries))
        assert Flag.objects.filter(dossier_stage=plain, kind="shared_account").exists()
    assert costs[0] == costs[1] <= 20


def test_an_account_is_compared_without_being_kept_in_clear() -> None:
    stage = factories.transmitted()
    vigilance.appraise_due()
    account = Appraisal.objects.get(dossier_stage=stage).account
    assert account == encryption.prefix(factories.IBAN)
    assert "7630006000" not in account
    other = factories.transmitted(
        overrides={"bank": {**factories.answers(stage)["bank"], "iban": "FR1420041010050500013M02606"}}
    )
    vigilance.appraise_due()
    assert told(stage) == told(other) == {}


def test_a_new_transmission_is_appraised_again_and_so_is_the_one_it_no_longer_meets(verifier: User) -> None:
    first, second = factories.transmitted(), factories.transmitted()
    vigilance.appraise_due()
    assert "shared_account" in told(first)
    due_at = timezone.now() + dt.timedelta(days=7)
    workflow.request_modification(second, by=verifier, message="RIB ?", remarks={}, due_at=due_at)
    bank = {**factories.answers(second)["bank"], "iban": "FR1420041010050500013M02606"}
    factories.save(factories.fresh(second), bank=bank)
    factories.transmit(second)
    vigilance.appraise_due()
    assert told(first) == told(second) == {}


def test_an_examination_holds_until_what_was_read_changes(verifier: User) -> None:
    stage = factories.transmitted()
    other = factories.transmitted()
    vigilance.appraise_due()
    client = factories.signed_in(verifier)
    page = client.get(pages.url("instruction-dossier", stage))
    assert "1 point de vigilance à examiner" in pages.text(page)
    assert f"Dossier {other.dossier.reference} – {other.dossier.legal_entity.display_name} (" in pages.text(page)
    listed = client.get("/instruction/?vigilance=shared_account")
    assert stage.dossier.reference in listed.content.decode()
    kind = FlagKind.SHARED_ACCOUNT
    url = pages.url("examine-flag", stage, kind)
    read = {f"{kind}-read": pages.fields(page)[f"{kind}-read"]}
    blank = client.post(url, {**read, f"{kind}-note": " "})
    assert "Dites ce que vous avez constaté" in pages.text(blank)
    late = client.post(url, {f"{kind}-read": "Autre chose.", f"{kind}-note": "Compte commun."})
    assert late.status_code == 409
    assert "a changé depuis que vous avez ouvert" in pages.text(late)
    assert "Compte commun." in pages.text(late)
    for _ in range(2):  # a double click does once
        assert client.post(url, {**read, f"{kind}-note": "Compte de leur groupement."}).status_code == 302
    event = Event.objects.get(dossier=stage.dossier, kind=EventKind.FLAG_EXAMINED)
    assert event.actor == verifier
    assert "Compte de leur groupement." in event.message
    assert "Points de vigilance examinés" in pages.text(client.get(pages.url("instruction-dossier", stage)))
    assert stage.dossier.reference not in client.get("/instruction/?vigilance=shared_account").content.decode()
    colleague = factories.signed_in(UserFactory(verifier=True))
    told_who = colleague.post(url, {**read, f"{kind}-note": "Vu."})
    assert "Hélène Marchand a déjà examiné ce point." in pages.text(told_who)
    # The référent reads nothing of it.
    assert "vigilance" not in pages.text(pages.owner(stage).get(pages.url("form", stage))).lower()
    # The same account again, by a third EJ: it is to be examined anew, and history keeps what was said.
    third = factories.transmitted()
    vigilance.appraise_due()
    flag = stage.flags.get(kind=kind)
    assert not flag.is_examined
    assert flag.note == ""
    assert len(flag.others) == 2
    # Explained alike, by another dossier: what was read before is not that one.
    Flag.objects.filter(pk=flag.pk).update(others=[third.dossier.reference], raised_at=timezone.now())
    assert client.post(url, {f"{kind}-read": flag.raised_at.isoformat(), f"{kind}-note": "Vu."}).status_code == 409
    assert Event.objects.filter(kind=EventKind.FLAG_EXAMINED).count() == 1


def test_a_regional_instructor_is_not_told_of_whom_the_dossiers_that_he_may_not_read_are() -> None:
    stage, near, far = (factories.transmitted() for _ in range(3))
    LegalEntity.objects.filter(pk=far.dossier.legal_entity_id).update(region_codes=["94"], name="MAISON DE CORTE")
    vigilance.appraise_due()
    regional = UserFactory(regional=True, regions=[stage.dossier.legal_entity.region])
    address = pages.url("instruction-dossier", stage)
    page = pages.text(factories.signed_in(regional).get(address))
    assert "IBAN utilisé par une autre entité juridique" in page
    assert "celui de 2 autres entités juridiques." in page
    assert f"Dossier {near.dossier.reference} – {near.dossier.legal_entity.display_name}" in page
    assert "1 autre dossier n'est pas ouvert aux instructeurs de vos régions." in page
    for secret in (far.dossier.reference, far.dossier.legal_entity.finess, "MAISON DE CORTE"):
        assert secret not in page
    whole = pages.text(factories.signed_in(UserFactory(verifier=True)).get(address))
    assert f"Dossier {far.dossier.reference} – MAISON DE CORTE" in whole
    assert "de vos régions" not in whole


def test_an_explanation_that_named_others_loses_their_names_and_stays_examined(verifier: User) -> None:
    migration = import_module("dossiers.migrations.0036_accounts_shared_with_nobody_named")
    stage = factories.transmitted()
    said = "Ce compte bancaire est aussi celui d'une autre entité juridique (ASS. (ESPOIR) (010783009)). "
    end = "Vérifiez le titulaire sur les RIB."
    examined = {"examined_at": timezone.now(), "examined_by": verifier, "note": "Vu."}
    Flag.objects.create(dossier_stage=stage, kind=FlagKind.SHARED_ACCOUNT, text=said + end, **examined)
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(migration.UNNAMED)
        flag = Flag.objects.get(dossier_stage=stage)
        assert flag.text == f"Ce compte bancaire est aussi celui d'une autre entité juridique. {end}"
        assert flag.is_examined


def test_what_the_register_says_today_counts(verifier: User) -> None:
    stage = factories.transmitted()
    vigilance.appraise_due()
    Category.objects.update(is_essms=False, essms_reading="non")
    ImportRun.objects.create(status=ImportStatus.DONE, finished_at=timezone.now())
    vigilance.appraise_due()
    assert "2\u00a0entités candidates ne sont pas des ESSMS" in told(stage)["not_essms"]
    assert Transmission.objects.get(dossier_stage=stage).answers["perimeter"]["sites"][0]["essms"] is True


@pytest.mark.parametrize("text", ["aucun", "Aucun.", "AUCUN financement perçu", "Néant", "non", "0", "Sans objet"])
def test_the_ways_to_write_that_there_was_none(text: str) -> None:
    assert is_none(text)


@pytest.mark.parametrize("text", ["Domaine 1", "Non communiqué par le GHT mais l'audit de l'annuaire a été financé"])
def test_what_is_not_none(text: str) -> None:
    assert not is_none(text)
