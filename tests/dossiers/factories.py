"""Dossiers for tests, made as the portal makes them: through the workflow, by people who may.

`draft()` → `fill(…)` → `transmitted()` → `modification_requested()`, `validated()`, `rejected()`: each builds what it
needs, and takes the same keywords as the one before it.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from dossiers import catalog, kinds, queries, workflow
from dossiers.models import Attachment, Dossier, DossierStage, Guichet, Stage
from dossiers.workflow import table
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.accounts.sessions import sign_in
from tests.dossiers import planting
from tests.dossiers.planting import MODELS
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

FIXTURES = planting.FIXTURES
FILES = Path(__file__).parent / "files"
IBAN = "FR76 3000 6000 0112 3456 7890 189"
BIC = "AGRIFRPP"

#: The mandatory questions of the POC that hold files.
SLOTS = ("prerequisite_1_files", "prerequisite_2_files", "prerequisite_3_files", "framework_files", "bank")


def poc(*, opens_at: dt.datetime | None = None, closes_at: dt.datetime | None = None) -> Stage:
    """The étape « Formulaire de candidature » of the POC as shipped, with its barème; open for a month by default.

    Called again, it gives the same étape, its window moved only when one is given.
    """
    stage = Stage.objects.filter(guichet__code="poc-essms", code="candidature").select_related("guichet").first()
    known = stage is not None
    if stage is None:
        planting.poc()
        stage = Stage.objects.select_related("guichet").get(guichet__code="poc-essms", code="candidature")
    if opens_at or closes_at or not known:
        now = timezone.now()
        stage.opens_at = opens_at or min(closes_at or now, now) - dt.timedelta(days=30)
        stage.closes_at = closes_at or max(stage.opens_at, now) + dt.timedelta(days=30)
        stage.save(update_fields=["opens_at", "closes_at"])
    return stage


def guichet(
    *, code: str = "essai", position: int = 90, questions: list[dict[str, Any]] | None = None, **form: Any
) -> Guichet:
    """A small guichet for ESSMS, open for a month, whose only étape asks `questions` in one section; `form` is what
    its form says beside (axes…)."""
    now = timezone.now()
    created = Guichet.objects.create(
        code=code, title=f"Guichet {code}", short_title=code, audience=[EstablishmentType.ESSMS], position=position
    )
    stage = Stage.objects.create(
        guichet=created,
        code="candidature",
        position=1,
        kind="application",
        entry="start",
        title="Candidature",
        opens_at=now - dt.timedelta(days=30),
        closes_at=now + dt.timedelta(days=30),
    )
    asked = questions or [{"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}]
    described = {"sections": [{"title": "Section", "questions": asked}], **form}
    catalog.publish(stage, described, MODELS)
    return created


def next_stages(*, opens_at: dt.datetime | None = None, published: bool = True) -> tuple[Stage, Stage]:
    """What follows the candidature of the POC: a control, that begins on request, and the objectives, open for a month
    unless `opens_at` says otherwise. Each asks for a word, if it is published."""
    candidature = poc()
    now = timezone.now()
    objectives = Stage.objects.get(guichet=candidature.guichet, code="objectifs")
    objectives.position, objectives.opens_at = 3, opens_at or now - dt.timedelta(days=1)
    objectives.closes_at = objectives.opens_at + dt.timedelta(days=31)
    objectives.save()
    control, _ = Stage.objects.get_or_create(
        guichet=candidature.guichet,
        code="controle",
        defaults={"position": 2, "kind": "control", "entry": "on_request", "title": "Contrôle"},
    )
    word = {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}
    form = {"sections": [{"title": "Section", "questions": [word]}]}
    for stage in (control, objectives):
        if published:
            catalog.publish(stage, form, MODELS)
    return control, objectives


def started(**keywords: Any) -> DossierStage:
    """A dossier validated on its first étape, whose référent began the objectives."""
    first = validated(**keywords)
    _, objectives = next_stages()
    return fresh(workflow.start_stage(first, objectives, by=first.dossier.referent, at=timezone.now()))


# People


def referent(legal_entity: LegalEntity, **fields: Any) -> User:
    """An activated référent of an EJ."""
    user: User = UserFactory(**fields)
    RepresentationFactory(user=user, legal_entity=legal_entity)
    return user


def signed_in(user: User) -> Client:
    """A browser in which `user` gave password and code."""
    return sign_in(Client(), user)


def entity(*, sites: int = 2, **fields: Any) -> LegalEntity:
    """An EJ with that many active ESSMS sites."""
    legal_entity: LegalEntity = LegalEntityFactory(**fields)
    GeographicEntityFactory.create_batch(sites, legal_entity=legal_entity)
    return legal_entity


# Files


@functools.cache
def pdf_bytes() -> bytes:
    return (FILES / "lettre.pdf").read_bytes()


@functools.cache
def docx_bytes() -> bytes:
    return (MODELS / "cadre-de-reponse-poc-essms.docx").read_bytes()


@functools.cache
def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lettre.pdf", pdf_bytes())
    return buffer.getvalue()


def upload(content: bytes, name: str) -> SimpleUploadedFile:
    """A file as a browser sends it. What the browser says of its type is worth nothing, so it says anything."""
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def pdf(name: str = "Lettre d'engagement.pdf") -> SimpleUploadedFile:
    return upload(pdf_bytes(), name)


def docx(name: str = "Cadre de réponse.docx") -> SimpleUploadedFile:
    return upload(docx_bytes(), name)


def archive(name: str = "Pièces.zip") -> SimpleUploadedFile:
    return upload(zip_bytes(), name)


# Answers


def contact(**fields: str) -> kinds.Raw:
    return {
        "civility": "madame",
        "last_name": "Durand",
        "first_name": "Zoé",
        "position": "Responsable informatique",
        "email": "zoe.durand@exemple.fr",
        "phone": "01 23 45 67 89",
        **fields,
    }


def answers(dossier_stage: DossierStage) -> dict[str, kinds.Raw]:
    """What a plain ESSMS types in the POC: every site of the EJ, all equipped, parcours 1."""
    sites = sorted(dossier_stage.dossier.legal_entity.sites.filter(is_active=True).values_list("finess", flat=True))
    ticked: kinds.Raw = {"value": "on"}
    return {
        "commitment": ticked,
        "applicant_kind": {"value": "essms"},
        "track": {"value": "1"},
        "applicant_type": {"value": "nonprofit"},
        "perimeter": {"sites": [*sites], "equipped": [*sites]},
        "referent_role": {"value": "ciso"},
        "contact_commitment": ticked,
        "prerequisite_1": ticked,
        "prerequisite_2": ticked,
        "prerequisite_3": ticked,
        "framework_commitment": ticked,
        "contact_ciso": contact(),
        "contact_cio": contact(last_name="Petit", first_name="Paul", civility="monsieur"),
        "contact_signatory": contact(last_name="Grand", first_name="Inès"),
        "bank": {"holder": "Association Les Tilleuls", "iban": IBAN, "bic": BIC},
    }


def files() -> dict[str, list[UploadedFile]]:
    return {
        "prerequisite_1_files": [pdf("Bon de commande.pdf")],
        "prerequisite_2_files": [pdf()],
        "prerequisite_3_files": [archive("Diagnostics OPSSIMS.zip")],
        "framework_files": [docx()],
        "bank": [pdf("RIB.pdf")],
    }


def save(
    dossier_stage: DossierStage, *, by: User | None = None, at: dt.datetime | None = None, **raws: kinds.Raw
) -> workflow.Saved:
    """Save some answers as they now stand: nobody else changed them."""
    return workflow.save_answers(
        dossier_stage, raws, bases={}, by=by or dossier_stage.dossier.referent, at=at or timezone.now()
    )


def fill(
    dossier_stage: DossierStage, *, by: User | None = None, at: dt.datetime | None = None, **overrides: Any
) -> DossierStage:
    """Answer the 19 mandatory questions of the POC. An override is the raw answer of a question (None: left out), or
    for a slot the list of its files: `fill(stage, track={"value": "2"}, bank=None, framework_files=[])`."""
    by, at = by or dossier_stage.dossier.referent, at or timezone.now()
    raws: dict[str, kinds.Raw | None] = {**answers(dossier_stage)}
    slots: dict[str, list[UploadedFile]] = files()
    for code, override in overrides.items():
        if isinstance(override, list):
            slots[code] = override
        else:
            raws[code] = override
    workflow.save_answers(
        dossier_stage, {code: raw for code, raw in raws.items() if raw is not None}, bases={}, by=by, at=at
    )
    for code, uploads in slots.items():
        for each in uploads:
            workflow.add_file(dossier_stage, code, each, by=by, at=at)
    return fresh(dossier_stage)


def deposit(dossier_stage: DossierStage, upload: UploadedFile, code: str = "framework_files") -> Attachment:
    """Put a file in a slot, by the référent."""
    return workflow.add_file(dossier_stage, code, upload, by=dossier_stage.dossier.referent, at=timezone.now())


# Dossiers


def fresh(dossier_stage: DossierStage) -> DossierStage:
    """The étape as it now stands, in another Python object."""
    return table.reread(dossier_stage)


def draft(
    *, by: User | None = None, legal_entity: LegalEntity | None = None, stage: Stage | None = None, sites: int = 2
) -> DossierStage:
    """A blank dossier of the POC. `by` is its référent, who represents `legal_entity` (made with `sites` sites)."""
    stage = stage or poc()
    if by is None:
        by = referent(legal_entity or entity(sites=sites))
    if legal_entity is None:
        representation = by.representations.select_related("legal_entity").first()
        assert representation is not None, "a référent represents an EJ: see referent()"
        legal_entity = representation.legal_entity
    dossier: Dossier = workflow.create_dossier(stage, legal_entity, by=by, at=timezone.now())
    return fresh(dossier.stages.get())


def seen(dossier_stage: DossierStage) -> str:
    """The fingerprint that the recap carries now."""
    return queries.sheet(fresh(dossier_stage)).fingerprint


def transmit(dossier_stage: DossierStage, *, at: dt.datetime | None = None) -> DossierStage:
    """Transmit an étape as it stands, by its référent."""
    now = fresh(dossier_stage)
    workflow.transmit(now, by=now.dossier.referent, at=at or timezone.now(), seen=seen(now))
    return fresh(now)


def transmitted(*, overrides: Mapping[str, Any] | None = None, **keywords: Any) -> DossierStage:
    """A complete dossier, transmitted; `overrides` as for `fill`."""
    return transmit(fill(draft(**keywords), **(overrides or {})))


def modification_requested(
    *,
    verifier: User | None = None,
    due_at: dt.datetime | None = None,
    message: str = "Le diagnostic OPSSIMS est incomplet.",
    remarks: Mapping[str, str] | None = None,
    opens_everything: bool = True,
    **keywords: Any,
) -> DossierStage:
    """A dossier whose référent has to correct, within a week by default, and may correct everything."""
    dossier_stage = transmitted(**keywords)
    workflow.request_modification(
        dossier_stage,
        by=verifier or UserFactory(verifier=True),
        message=message,
        remarks={"prerequisite_3_files": "Joignez celui de chaque EJ."} if remarks is None else dict(remarks),
        due_at=due_at or timezone.now() + dt.timedelta(days=7),
        opens_everything=opens_everything,
    )
    return fresh(dossier_stage)


def validated(*, verifier: User | None = None, **keywords: Any) -> DossierStage:
    dossier_stage = transmitted(**keywords)
    workflow.validate(dossier_stage, by=verifier or UserFactory(verifier=True))
    return fresh(dossier_stage)


def rejected(
    *, verifier: User | None = None, reason: str = "Le prérequis n° 3 n'est pas rempli.", **keywords: Any
) -> DossierStage:
    dossier_stage = transmitted(**keywords)
    workflow.reject(dossier_stage, by=verifier or UserFactory(verifier=True), reason=reason)
    return fresh(dossier_stage)


#: One builder a status, for tests that go through them all.
BUILDERS = {
    "draft": draft,
    "transmitted": transmitted,
    "modification_requested": modification_requested,
    "validated": validated,
    "rejected": rejected,
}
