import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from establishments.models import GeographicEntity, LegalEntity
from tests.establishments.factories import (
    CategoryFactory,
    GeographicEntityFactory,
    LegalEntityFactory,
    LegalStatusFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("factory", [LegalEntityFactory, GeographicEntityFactory])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"finess": "12345678"}, "Un numéro FINESS compte 9 caractères, par exemple 010000255."),
        ({"finess": "2a0000196"}, "Un numéro FINESS compte 9 caractères, par exemple 010000255."),
        ({"closed_on": "2024-12-31"}, "ouverte n'a pas de date de fermeture."),
    ],
)
def test_database_refuses_impossible_rows_with_a_sentence(factory: type, changes: dict, sentence: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factory(**changes)
    row = factory()
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError) as caught:
        row.full_clean(exclude=["category", "legal_status"])
    assert sentence in str(caught.value)


def test_number_is_unique() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalEntityFactory(finess=LegalEntityFactory().finess)


def test_category_is_essms_when_its_reading_says_so_and_only_then() -> None:
    for is_essms, reading in ((True, "non"), (True, "a_verifier"), (False, "oui")):
        with pytest.raises(IntegrityError), transaction.atomic():
            CategoryFactory(code="998", is_essms=is_essms, essms_reading=reading)


def test_entity_with_sites_cannot_be_deleted() -> None:
    site = GeographicEntityFactory()
    with pytest.raises(ProtectedError):
        site.legal_entity.delete()


def test_labels() -> None:
    entity = LegalEntityFactory(finess="010000255", name="ASS.ACCUEIL FORMA INSERT PERSON SOURD")
    assert str(entity) == entity.label == "ASS.ACCUEIL FORMA INSERT PERSON SOURD (010000255)"
    assert LegalEntity(finess="010000255", long_name="LONGUE").display_name == "LONGUE"
    assert GeographicEntity(finess="010000255").display_name == "Raison sociale inconnue"


@pytest.mark.parametrize(("code", "expected"), [("30", True), ("66", True), ("60", False)])
def test_gcsms_are_told_by_their_legal_status(code: str, expected: bool) -> None:
    assert LegalEntityFactory(legal_status=LegalStatusFactory(code=code)).is_gcsms is expected


def test_site_is_essms_by_its_category() -> None:
    assert GeographicEntityFactory().is_essms
    assert not GeographicEntityFactory(es=True).is_essms
    assert not GeographicEntityFactory(category=None).is_essms
