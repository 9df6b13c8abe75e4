"""`seed_scale`: a volume that looks like the portal's own, made once, and never where it must not be (S3)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import schwifty
from django.core.management import CommandError, call_command
from django.db.models import TextField
from django.db.models.functions import Cast
from pytest_django import Settings

from accounts.models import User
from dossiers import access, queries
from dossiers.enums import EventKind, Status
from dossiers.models import Answer, Dossier, DossierStage, Event, Guichet
from dossiers.volume import lives, making
from ecare import encryption
from tests.accounts.factories import UserFactory

pytestmark = pytest.mark.django_db

DOSSIERS = 60


def seed() -> str:
    said = io.StringIO()
    call_command("seed_scale", dossiers=DOSSIERS, stdout=said, stderr=io.StringIO())
    return said.getvalue()


@pytest.fixture
def prepared(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    call_command("prepare", stdout=io.StringIO())


def test_a_volume_is_what_the_portal_would_have_written(prepared: None) -> None:
    assert f"{DOSSIERS} dossier" in seed()
    assert Dossier.objects.count() == DOSSIERS
    held = Dossier.objects.values_list("guichet", flat=True)
    assert {guichet: list(held).count(guichet) for guichet in held} == dict(
        zip(
            Guichet.objects.values_list("pk", flat=True),
            making.shares(DOSSIERS, list(Guichet.objects.all())),
            strict=True,
        )
    )
    verifier = User.objects.get(username="volume-verifier-1")
    listed = access.instructed_stages(verifier)
    assert {*listed.values_list("status", flat=True)} == {*Status.values} - {Status.DRAFT}
    # Each is read as the back-office reads any other, every answer in words.
    for stage in listed.filter(stage__guichet__code="poc-essms", stage__code="candidature").with_context()[:10]:
        read = queries.instructed(stage, verifier)
        assert read.estimate is not None
        lines = {entry.code: entry.lines for entry in read.entries if entry.value is not None}
        assert all(lines.values())
        assert "masqué" in str(lines["bank"])
        told = [event.kind for event in read.history]
        assert told.count(EventKind.TRANSMITTED) == len(read.earlier) + 1
    # And as its référent fills it.
    for stage in DossierStage.objects.filter(status=Status.MODIFICATION_REQUESTED).with_context()[:3]:
        assert queries.sheet(stage).completion.is_complete
    # An IBAN opens, is right, and stands in clear nowhere (Q60).
    answer = Answer.objects.filter(code="bank").latest("pk")
    assert schwifty.IBAN(answer.value["iban"], validate_bban=True).country_code == "FR"
    stored = Answer.objects.filter(pk=answer.pk).annotate(stored=Cast("value", TextField())).get().stored
    assert encryption.MARK in stored
    assert answer.value["iban"] not in stored
    assert Event.objects.count() > 4 * DOSSIERS

    # The second time, nothing; the same dossiers elsewhere.
    assert "rien n'a changé" in seed()
    assert Dossier.objects.count() == DOSSIERS
    assert Dossier.objects.filter(reference=lives.reference(7)).exists()


def test_a_volume_is_refused_where_there_are_accounts_and_in_production(settings: Settings) -> None:
    UserFactory()
    with pytest.raises(CommandError, match="Cette base a déjà des comptes"):
        seed()
    User.objects.all().delete()
    settings.VOLUME_ALLOWED = False
    with pytest.raises(CommandError, match="réglages de production"):
        seed()
    assert not Dossier.objects.exists()
