"""A file in the place of the trame financière: read, shown, then confirmed (F6, docs/adr/0058).

The file is not kept: what it says waits, apart from the trame, until its référent has seen what it changes.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access as dossiers_access
from dossiers import sheets, uploads
from dossiers.enums import EventKind
from dossiers.workflow.files import FileRefused
from dossiers.workflow.table import NotAllowed, record
from ecare import audit, french
from ecare.models import AuditKind
from funding import expense_files
from funding.expense_comparison import Comparison
from funding.expense_rules import Entry, flaws
from funding.models import Expense, ExpenseImport, Grant
from funding.queries import expense_imports as reviewing
from funding.queries import expenses as reading
from funding.workflow.expenses import Late, end, held


def prepare(grant: Grant, upload: UploadedFile[Any], *, by: User) -> ExpenseImport:
    """Read a file, and let what it says wait for its référent to confirm it; it takes the place of the one that waited.

    Raises NotAllowed, Late, FileRefused when it cannot be read, cells.Faulty when lines do not stand.
    """
    if not dossiers_access.is_referent(by, grant.dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    already = [Entry.of(each) for each in grant.expenses.in_force()]
    try:
        content = expense_files.read(upload, reading.terms_of(grant), already, today=timezone.localdate())
    except (uploads.Invalid, sheets.Unreadable) as error:
        audit.record(
            AuditKind.FILE_REFUSED, by=by, subject=grant.dossier.reference, question="trame-financiere", why=error.why
        )
        raise FileRefused(str(error)) from error
    with transaction.atomic():
        _, grant = held(grant, by=by)
        waiting, _ = ExpenseImport.objects.update_or_create(
            grant=grant,
            defaults={
                "key": uuid.uuid4(),
                "name": uploads.display_name(upload.name),
                "lines": [each.as_json() for each in content.entries],
                "ignored": content.ignored,
                "by": by,
                "at": timezone.now(),
            },
        )
    return waiting


@transaction.atomic
def confirm(grant: Grant, *, by: User, read: str) -> Comparison:
    """Write what the page showed: `read` is its fingerprint. All of it, or nothing.

    Raises NotAllowed, Late when the trame or the file is no longer what was shown.
    """
    dossier_stage, grant = held(grant, by=by)
    review = reviewing.review(grant)
    if review is None:
        raise Late("Cet import est déjà terminé, ou abandonné\u00a0: rien de plus n'a été enregistré.")
    if review.read != read:
        raise Late(
            "La trame, ou le fichier, a changé depuis que vous avez ouvert cette page\u00a0: voici ce que l'import "
            "change maintenant. Vérifiez-le, puis confirmez à nouveau."
        )
    terms, today = reading.terms_of(grant), timezone.localdate()
    if any(flaws(entry, terms, today=today) for entry in review.entries):
        raise Late("Les règles de la trame ont changé depuis la lecture du fichier\u00a0: importez-le à nouveau.")
    change = review.comparison
    now = timezone.now()
    end([*change.removed, *(was for was, _ in change.changed)], by=by)
    versions = [
        Expense(
            line=was.line,
            version=was.version + 1,
            grant=grant,
            proof_file_id=was.proof_file_id,
            letter_file_id=was.letter_file_id,
            written_by=by,
            written_at=now,
            **asdict(entry),
        )
        for was, entry in change.changed
    ]
    added = [Expense(grant=grant, written_by=by, written_at=now, **asdict(entry)) for entry in change.added]
    Expense.objects.bulk_create([*versions, *added])
    if change.changes_something:
        message = f"{review.waiting.name}\u00a0: {said(change)}. Total\u00a0: {french.euros(change.total)}."
        record(dossier_stage, EventKind.EXPENSES_IMPORTED, by=by, message=message)
    review.waiting.delete()
    return change


@transaction.atomic
def abandon(grant: Grant, *, by: User) -> None:
    """Forget the file that waits. Twice does it once. Raises NotAllowed."""
    if not dossiers_access.is_referent(by, grant.dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    ExpenseImport.objects.filter(grant=grant).delete()


def said(change: Comparison) -> str:
    """« 12 dépenses ajoutées, 1 modifiée, 40 inchangées »."""
    counts = (
        (len(change.added), "ajoutée", "ajoutées"),
        (len(change.changed), "modifiée", "modifiées"),
        (len(change.removed), "retirée", "retirées"),
        (len(change.kept), "inchangée", "inchangées"),
    )
    parts = [(number, french.count(number, one, many)) for number, one, many in counts if number]
    if not parts:
        return "aucune dépense"
    number, first = parts[0]
    first = first.replace("\u00a0", "\u00a0dépenses " if number > 1 else "\u00a0dépense ", 1)
    return ", ".join([first, *(text for _, text in parts[1:])])
