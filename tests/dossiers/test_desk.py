"""What those who instruct do around a dossier: take it, notes, presence, every file at once (I2, I2b)."""

from __future__ import annotations

import io
import os
import zipfile
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dossiers import queries, workflow
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, DossierStage, Event, Presence
from dossiers.queries.desk import SEEN_FOR
from dossiers.views.desk import ABSENT, LOST, clean, placed
from dossiers.workflow import desk
from ecare import retention
from ecare.models import AuditEntry
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories, pages

pytestmark = pytest.mark.django_db


def url(stage: DossierStage, act: str = "") -> str:
    return f"/instruction/{stage.dossier.reference}/{act}"


def body(client: Client, stage: DossierStage) -> str:
    return client.get(url(stage)).content.decode()


def test_a_dossier_is_taken_from_its_page_and_the_late_one_is_told_who_has_it() -> None:
    stage = factories.transmitted()
    paul, nadia = UserFactory(verifier=True, last_name="Girard"), UserFactory(verifier=True)
    first, second = factories.signed_in(paul), factories.signed_in(nadia)
    assert "Prendre en charge" in body(first, stage)
    first.post(url(stage, "prise-en-charge/"))
    late = second.post(url(stage, "prise-en-charge/"), follow=True).content.decode()
    assert "Girard instruit ce dossier depuis le" in late
    assert "Prendre en charge" not in late
    assert "Rendre le dossier" in body(first, stage)
    # Whoever instructs may have had it when the page was shown: it is said who has it now.
    refused = second.post(url(stage, "prise-en-charge/"), {"release": "1"}, follow=True)
    assert "Girard instruit ce dossier depuis le" in pages.text(refused)
    assert factories.fresh(stage).dossier.verifier == paul
    for _ in range(2):  # a double click
        given = first.post(url(stage, "prise-en-charge/"), {"release": "1"}, follow=True)
        assert "Le dossier est rendu" in pages.text(given)
    assert factories.fresh(stage).dossier.verifier is None
    reader = UserFactory(regional=True, regions=[stage.dossier.legal_entity.region])
    assert factories.signed_in(reader).post(url(stage, "prise-en-charge/"), {"release": "1"}).status_code == 404


def test_a_lead_frees_a_dossier_from_the_one_whom_the_page_named() -> None:
    stage = factories.transmitted()
    paul, nadia = UserFactory(verifier=True), UserFactory(verifier=True, last_name="Chevalier")
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    workflow.assignment.take(stage, by=paul)
    seen = pages.fields(client.get(url(stage)))["seen"]
    workflow.assignment.assign(stage, by=lead, to=nadia)
    late = client.post(url(stage, "prise-en-charge/"), {"release": "1", "seen": seen}, follow=True)
    assert "Chevalier instruit ce dossier depuis le" in pages.text(late)
    assert factories.fresh(stage).dossier.verifier == nadia
    seen = pages.fields(late)["seen"]
    client.post(url(stage, "prise-en-charge/"), {"release": "1", "seen": seen})
    assert factories.fresh(stage).dossier.verifier is None


def test_somebody_called_by_a_name_is_found_by_user_name() -> None:
    stage = factories.transmitted()
    UserFactory(verifier=True, username="paul.girard", first_name="Paul", last_name="Girard")
    UserFactory(regional=True, username="ines.girard", first_name="Inès", last_name="Girard")
    client = factories.signed_in(UserFactory(verifier=True, username="nadia"))
    for name in ("girard", "paul", "paul.girad"):
        refused = client.post(url(stage, "notes/"), {"text": f"Vu avec @{name}"})
        assert f"« @{name} » n'est pas l'identifiant d'un collègue qui peut lire ce dossier : écrivez @paul.girard" in (
            pages.text(refused)
        )
        assert "ines.girard" not in pages.text(refused), "who may not read it is not offered"
    assert "corrigez-le" in pages.text(client.post(url(stage, "notes/"), {"text": "Vu avec @zzz"}))


def test_a_note_is_read_by_instruction_alone_and_calls_a_colleague_once() -> None:
    stage = factories.transmitted()
    paul = UserFactory(verifier=True, username="paul.girard")
    nadia = UserFactory(lead=True, username="nadia.chevalier")
    client = factories.signed_in(paul)
    text = "Voir avec @Nadia.Chevalier, et @paul.girard.\nÉcrire à contact@paul.girard"
    for _ in range(2):  # a double click
        assert client.post(url(stage, "notes/"), {"text": text}).status_code == 302
    (event,) = Event.objects.filter(kind=EventKind.NOTED)
    (email,) = Email.objects.filter(kind="mentioned")
    assert (email.to, "Voir avec" in email.text) == (nadia.email, False)
    assert "Voir avec @Nadia.Chevalier" in body(factories.signed_in(nadia), stage)
    assert event not in queries.history(stage)
    assert (
        "Voir avec"
        not in factories.signed_in(stage.dossier.referent).get(f"/dossiers/{stage.dossier.reference}/").content.decode()
    )


@pytest.mark.parametrize("name", ["personne", "ines.martinet", "le.referent"])
def test_a_note_that_calls_somebody_who_may_not_read_is_kept_on_the_page(name: str) -> None:
    stage = factories.transmitted(
        by=factories.referent(entity := factories.entity(), username="le.referent"), legal_entity=entity
    )
    UserFactory(regional=True, username="ines.martinet")
    response = factories.signed_in(UserFactory(verifier=True)).post(url(stage, "notes/"), {"text": f"Appeler @{name}"})
    page = response.content.decode()
    assert f"@{name}\xa0» n&#x27;est pas l" in page
    assert f"Appeler @{name}</textarea>" in page
    assert "<title>Erreur" in page
    assert not Event.objects.filter(kind=EventKind.NOTED).exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [("@a", ["a"]), ("(@a.b),@C @c", ["a.b", "c"]), ("x@y.fr @ @. @@z", []), ("@jean-luc.d+1.", ["jean-luc.d+1"])],
)
def test_mentions(text: str, names: list[str]) -> None:
    assert desk.mentioned_in(text) == names


def test_presence_is_said_to_the_others_for_a_while() -> None:
    stage = factories.transmitted()
    paul = UserFactory(verifier=True, first_name="Paul", last_name="Girard")
    here, there = (
        factories.signed_in(paul),
        factories.signed_in(UserFactory(lead=True, first_name="Nadia", last_name="Chevalier")),
    )
    assert here.post(url(stage, "presence/")).content.decode().strip() == ""
    assert "Paul Girard consulte aussi ce dossier" in there.post(url(stage, "presence/")).content.decode()
    assert "Nadia Chevalier consulte aussi ce dossier" in body(here, stage)
    Presence.objects.filter(user=paul).update(at=timezone.now() - SEEN_FOR)
    assert "consulte" not in body(there, stage)
    assert [line.count for line in retention.purge("presences", now=timezone.now())] == [1]


@pytest.mark.django_db(transaction=True)
def test_ten_pages_open_at_once_are_ten_presences() -> None:
    stage = factories.transmitted()
    people = UserFactory.create_batch(5, verifier=True)
    at = timezone.now()
    results = crowd.at_once(*[partial(desk.see, stage, by=one, at=at) for one in people * 2])
    assert results == [None] * 10
    assert Presence.objects.count() == 5


def test_every_file_leaves_in_one_zip_but_those_that_may_not(settings: Settings) -> None:
    stage = factories.transmitted()
    settings.DOWNLOAD_UNSCANNED = False
    client = factories.signed_in(UserFactory(verifier=True))
    assert client.get(url(stage, "pieces.zip")).status_code == 404  # nothing was scanned
    assert "pieces.zip" not in body(client, stage)
    assert f"{stage.attachments.count()} pièces ne peuvent pas être téléchargées" in pages.text(client.get(url(stage)))
    sent = stage.attachments.filter(archived_at=None)
    sent.update(scan=Scan.CLEAN, scanned_at=timezone.now())
    infected = sent.filter(code="prerequisite_3_files").first()
    assert infected is not None
    Attachment.objects.filter(pk=infected.pk).update(scan=Scan.INFECTED, threat="Eicar")
    response = client.get(url(stage, "pieces.zip"))
    content = b"".join(response.streaming_content)
    assert int(response["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name != ABSENT]
        sizes = sorted(each.file_size for each in archive.infolist() if each.filename != ABSENT)
        said = archive.read(ABSENT).decode()
    assert said.splitlines()[2:] == [f"03 Diagnostic OPSSIMS/{infected.name}\u00a0: virus détecté"]
    assert "1 pièce ne peut pas être téléchargée" in pages.text(client.get(url(stage)))
    sent.filter(pk=infected.pk).update(scan=Scan.CLEAN)
    with zipfile.ZipFile(io.BytesIO(b"".join(client.get(url(stage, "pieces.zip")).streaming_content))) as archive:
        assert ABSENT not in archive.namelist()
    assert len(names) == len(set(names)) == sent.count() - 1
    assert sizes == sorted(file.size for file in sent.exclude(pk=infected.pk))
    assert not any(part in {"..", ""} for name in names for part in name.split("/"))
    line = AuditEntry.objects.filter(kind="downloaded").latest("pk")
    assert len(line.detail["files"]) == len(names) + 1


def test_a_file_that_the_storage_lost_is_named_in_the_zip_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Lost, or shorter than what was deposited."""
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(verifier=True))
    lost, cut, *others = stage.attachments.filter(archived_at=None).order_by("pk")
    os.remove(lost.file.path)
    os.truncate(cut.file.path, 3)
    response = client.get(url(stage, "pieces.zip"))
    content = b"".join(response.streaming_content)
    assert int(response["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(others) + 1
        said = archive.read(ABSENT).decode().splitlines()[2:]
    assert sorted(line.rpartition("/")[2] for line in said) == sorted(
        f"{file.name}\u00a0: {LOST}" for file in (lost, cut)
    )
    line = AuditEntry.objects.filter(kind="downloaded").latest("pk")
    assert sorted(line.detail["files"]) == sorted(str(file.public_id) for file in others)
    assert [str(lost.public_id) in caplog.text, str(cut.public_id) in caplog.text] == [True, True]


def test_a_zip_of_which_nothing_is_left_says_so() -> None:
    stage = factories.transmitted()
    for file in stage.attachments.all():
        os.remove(file.file.path)
    response = factories.signed_in(UserFactory(verifier=True)).get(url(stage, "pieces.zip"))
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.namelist() == [ABSENT]


def test_a_file_lost_while_the_zip_leaves_breaks_it_off_before_its_length() -> None:
    """No browser takes it for whole."""
    stage = factories.transmitted()
    response = factories.signed_in(UserFactory(verifier=True)).get(url(stage, "pieces.zip"))
    os.remove(stage.attachments.filter(archived_at=None).order_by("pk").last().file.path)
    received, broken = b"", False
    try:
        for piece in response.streaming_content:
            received += piece
    except FileNotFoundError:
        broken = True
    assert broken
    assert 0 < len(received) < int(response["Content-Length"])


def test_a_name_is_never_a_path() -> None:
    for name in ("../../etc/passwd", "C:\\x\\y", "..", "a\x00b\n", "CON:", ""):
        assert clean(name) not in {"", ".", ".."}
        assert not set(clean(name)) & set("/\\:\0\n")


def test_files_of_the_same_name_stand_side_by_side() -> None:
    files = [
        SimpleNamespace(name=name)
        for name in ("à lire.pdf", "À LIRE.pdf", "à lire.pdf", "sans suffixe", "sans suffixe")
    ]
    entry: Any = SimpleNamespace(files=files, question=SimpleNamespace(short_label="Cadre / réponse"))
    assert [path for path, _ in placed([entry, entry])][:6] == [
        "01 Cadre  réponse/à lire.pdf",
        "01 Cadre  réponse/À LIRE (2).pdf",
        "01 Cadre  réponse/à lire (3).pdf",
        "01 Cadre  réponse/sans suffixe",
        "01 Cadre  réponse/sans suffixe (2)",
        "02 Cadre  réponse/à lire.pdf",
    ]


def test_who_replaces_a_referent_from_the_dossier_goes_back_to_it_in_its_list() -> None:
    stage = factories.transmitted()
    colleague = factories.referent(stage.dossier.legal_entity)
    client = factories.signed_in(UserFactory(lead=True))
    listed = "statut=transmitted&tri=region"
    page = client.get(f"{url(stage)}?{listed}").content.decode()
    address = f"{url(stage, 'referent/')}?{listed}&retour=dossier"
    assert address.replace("&", "&amp;") in page
    form = client.get(address).content.decode()
    assert f'href="{url(stage)}?{listed.replace("&", "&amp;")}">Annuler' in form
    assert "?statut=transmitted&amp;tri=region" in form.split("fr-breadcrumb__list")[1].split("</nav>")[0]
    # From the list of dossiers to reassign, back to it; a draft has no other page.
    assert 'href="/instruction/sans-referent/">Annuler' in client.get(url(stage, "referent/")).content.decode()
    draft = factories.draft(legal_entity=factories.entity())
    there = f"{url(draft, 'referent/')}?retour=dossier"
    assert "/instruction/sans-referent/" in client.get(there).content.decode().split("<main")[1]
    sent = client.post(address, {"referent": colleague.public_id, "reason": "Départ."})
    assert sent["Location"] == f"{url(stage)}?{listed}"


def test_a_point_that_is_not_examined_is_not_called_a_decision() -> None:
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(verifier=True))
    sent = {"regions-read": "Plus là.", "regions-note": "Vu avec l'ARS."}
    late = client.post(url(stage, "vigilance/regions/"), sent)
    assert late.status_code == 409
    assert "Le point de vigilance n'est pas marqué comme examiné" in pages.text(late)
    assert "Aucune décision" not in pages.text(late)
    assert "Vu avec l'ARS." in pages.text(late)
