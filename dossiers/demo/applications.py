"""The applications to the POC, each led to the status of its plan; and how the demonstration fills any étape."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from dossiers import catalog, queries, workflow
from dossiers.demo import answers
from dossiers.demo.cast import REJECTION, REMARKS, REQUEST, Plan
from dossiers.enums import Status
from dossiers.kinds import Raw
from dossiers.models import Dossier, DossierStage, Stage
from establishments.models import LegalEntity

DAYS_TO_CORRECT = 6
FILES = Path(settings.BASE_DIR) / "fixtures" / "demo"
MODELS = Path(settings.BASE_DIR) / "fixtures" / "guichets" / "modeles"


@dataclass(frozen=True)
class Piece:
    """A file deposited in a slot: the name its owner gave it, and the file shipped; zipped when the name says so."""

    code: str
    name: str
    path: Path

    def upload(self) -> SimpleUploadedFile:
        """As a browser sends it."""
        if not self.name.endswith(".zip"):
            return SimpleUploadedFile(self.name, self.path.read_bytes())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(self.path, self.path.name)
        return SimpleUploadedFile(self.name, buffer.getvalue())


FIRST_PIECES = (Piece("prerequisite_1_files", "Attestation DUI Ségur.pdf", FILES / "attestation-dui-segur.pdf"),)
PIECES = (
    *FIRST_PIECES,
    Piece("prerequisite_2_files", "Lettre d'engagement.pdf", FILES / "lettre-engagement.pdf"),
    Piece("prerequisite_3_files", "Diagnostic OPSSIMS.pdf", FILES / "diagnostic-opssims.pdf"),
    Piece("framework_files", "Cadre de réponse.docx", MODELS / "cadre-de-reponse-poc-essms.docx"),
    Piece("bank", "RIB.pdf", FILES / "rib.pdf"),
)
#: Read on the screen page by page, or downloaded.
MORE_PIECES = (
    Piece("framework_files", "Plan de sécurisation.pdf", FILES / "plan-securisation.pdf"),
    Piece("framework_files", "Annexes.zip", FILES / "rapport-audit.pdf"),
)
CORRECTED_PIECES = (
    Piece("prerequisite_3_files", "Diagnostics OPSSIMS complétés.zip", FILES / "diagnostic-opssims.pdf"),
)


def create(
    plan: Plan, number: int, stage: Stage, *, referent: User, verifier: User, entities: Mapping[str, LegalEntity]
) -> Dossier:
    """Open a dossier and lead it to the status of its plan; the dossier."""
    then = timezone.now() - dt.timedelta(days=plan.days)
    dossier = workflow.create_dossier(stage, entities[plan.finess], by=referent, at=then)
    if plan.status == Status.DRAFT:
        fill(dossier, plan.answers, FIRST_PIECES if plan.answers else (), at=then)
        return dossier
    typed = answers.complete(dossier.legal_entity, number) | plan.answers
    if plan.doubtful:
        fill(dossier, typed | answers.doubtful(timezone.localdate()), (*PIECES, *MORE_PIECES), at=then)
    else:
        fill(dossier, typed, PIECES, at=then)
    transmit(dossier, at=then)
    if plan.taken:
        workflow.assignment.take(current(dossier), by=verifier)
    if plan.corrected or plan.status == Status.MODIFICATION_REQUESTED:
        due_at = catalog.closing(timezone.localdate() + dt.timedelta(days=DAYS_TO_CORRECT))
        assert due_at is not None
        workflow.request_modification(current(dossier), by=verifier, message=REQUEST, remarks=REMARKS, due_at=due_at)
    if plan.corrected:
        fill(dossier, answers.CORRECTION, CORRECTED_PIECES)
        transmit(dossier)
    elif plan.status == Status.VALIDATED:
        workflow.validate(current(dossier), by=verifier)
    elif plan.status == Status.REJECTED:
        workflow.reject(current(dossier), by=verifier, reason=REJECTION)
    return dossier


def current(dossier: Dossier) -> DossierStage:
    """The étape as it now stands: each change is made by somebody who just opened the page."""
    return DossierStage.objects.with_context().select_related("stage__guichet").get(dossier=dossier, is_current=True)


def fill(dossier: Dossier, raws: dict[str, Raw], pieces: Iterable[Piece], *, at: dt.datetime | None = None) -> None:
    """Type and deposit these, now or then."""
    at = at or timezone.now()
    dossier_stage = current(dossier)
    workflow.save_answers(dossier_stage, raws, bases={}, by=dossier.referent, at=at)
    for piece in pieces:
        workflow.add_file(dossier_stage, piece.code, piece.upload(), by=dossier.referent, at=at)


def transmit(dossier: Dossier, *, at: dt.datetime | None = None) -> None:
    at = at or timezone.now()
    dossier_stage = current(dossier)
    recap = queries.sheet(dossier_stage, on=at)
    workflow.transmit(dossier_stage, by=dossier.referent, at=at, seen=recap.fingerprint)
