"""The lines of the trame financière: added, changed, taken out by the référent; closed by who instructs it (F6)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access as dossiers_access
from dossiers import antivirus, uploads
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage
from dossiers.workflow.files import FileRefused, stored
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from funding import access
from funding.expense_rules import MOST_LINES, Entry, flaws
from funding.models import Expense, ExpenseClosure, Grant
from funding.queries import expenses as reading

#: What holds the file of a line, and its slot among the files of the dossier: codes of no question.
SLOTS = {"proof_file": "depense-justificatif", "letter_file": "lettre-de-mission"}
RULES = uploads.Rules(extensions=("pdf", "doc", "docx", "zip"), max_bytes=50 * uploads.MEBIBYTE, max_files=1)


class Late(Refused):
    """The line, or the trame, is no longer what the page showed; the message says what it is."""


class Flawed(Refused):
    """A line that does not stand: `flaws` says why by field."""

    def __init__(self, flaws: Mapping[str, str]) -> None:
        super().__init__(" ".join(flaws.values()))
        self.flaws = flaws


class FlawedFile(FileRefused):
    """A file that was not accepted: `slot` says which."""

    def __init__(self, slot: str, reason: str) -> None:
        super().__init__(reason)
        self.slot = slot


@transaction.atomic
def add(grant: Grant, entries: Sequence[Entry], *, by: User, read: int | None = None) -> list[Expense]:
    """Add lines to the trame, all or none. `read` is the key of the last line written when the page was shown, 0 for
    none: the same lines sent twice from that page are there once (Q32).

    Raises NotAllowed, Late once it is closed, Flawed, Refused when there are too many.
    """
    dossier_stage, grant = held(grant, by=by)
    if read is not None and (already := sent(grant, entries, by=by, since=read)):
        return already
    added = write(grant, entries, by=by)
    record(dossier_stage, EventKind.EXPENSES_CHANGED, by=by, message=f"Ajout\u00a0: {said(added)}.")
    return added


def change(
    expense: Expense, entry: Entry, files: Mapping[str, UploadedFile[Any] | None], *, by: User, read: int
) -> Expense:
    """Write the next version of the line whose version `read` was on the page, with the files that were chosen: the
    others stay. Saying the same again writes nothing.

    Raises NotAllowed, Late, Flawed, FlawedFile.
    """
    with ExitStack() as stack:
        drafts = {}
        for name, upload in files.items():
            if upload is not None:
                drafts[name] = stack.enter_context(deposited(upload, expense, name, by=by))
        # The files are written: only now does anybody wait.
        stack.enter_context(transaction.atomic())
        dossier_stage, grant = held(expense.grant, by=by)
        current = in_force(expense.line, grant, read=read)
        if found := flaws(entry, reading.terms_of(grant), today=timezone.localdate()):
            raise Flawed(found)
        if not drafts and asdict(entry) == asdict(Entry.of(current)):
            return current
        held_files = {name: getattr(current, name) for name in SLOTS}
        for name, draft in drafts.items():
            draft.dossier_stage, draft.code, draft.uploaded_by = dossier_stage, SLOTS[name], by
            draft.save()
            held_files[name] = draft
            pk = draft.pk
            transaction.on_commit(lambda pk=pk: antivirus.ask(pk), robust=True)  # type: ignore[misc]
        end([current], by=by)
        changed = Expense.objects.create(
            line=current.line,
            version=current.version + 1,
            grant=grant,
            written_by=by,
            **held_files,
            **asdict(entry),
        )
        record(dossier_stage, EventKind.EXPENSES_CHANGED, by=by, message=f"Modification\u00a0: {said([changed])}.")
        return changed


@contextmanager
def deposited(upload: UploadedFile[Any], expense: Expense, name: str, *, by: User) -> Iterator[Attachment]:
    """`stored`, whose refusal says which file it is about."""
    with ExitStack() as stack:
        try:
            draft = stack.enter_context(stored(upload, RULES, expense.grant.dossier_stage, SLOTS[name], by=by))
        except FileRefused as refusal:
            raise FlawedFile(name, str(refusal)) from refusal
        yield draft


@transaction.atomic
def remove(expense: Expense, *, by: User, read: int) -> None:
    """Take a line out; its versions stay. Raises NotAllowed, Late."""
    dossier_stage, grant = held(expense.grant, by=by)
    current = in_force(expense.line, grant, read=read)
    end([current], by=by)
    record(dossier_stage, EventKind.EXPENSES_CHANGED, by=by, message=f"Retrait\u00a0: {said([current])}.")


@transaction.atomic
def close(grant: Grant, *, by: User) -> None:
    """Nothing is written in the trame any more. Twice does it once. Raises NotAllowed."""
    dossier_stage = instructed(grant, by=by)
    _, created = ExpenseClosure.objects.get_or_create(grant=grant, defaults={"by": by})
    if created:
        record(dossier_stage, EventKind.EXPENSES_CLOSED, by=by)


@transaction.atomic
def reopen(grant: Grant, *, by: User) -> None:
    """Let the référent write again. Twice does it once. Raises NotAllowed."""
    dossier_stage = instructed(grant, by=by)
    deleted, _ = ExpenseClosure.objects.filter(grant=grant).delete()
    if deleted:
        record(dossier_stage, EventKind.EXPENSES_REOPENED, by=by)


def held(grant: Grant, *, by: User) -> tuple[DossierStage, Grant]:
    """The étape and the subsidy under the lock of the dossier, once it is known that `by` may write in its trame."""
    dossier_stage = locked(grant.dossier_stage)
    if not dossiers_access.is_referent(by, dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    grant = Grant.objects.select_related("dossier", "transmission").get(pk=grant.pk)
    if reason := reading.trame(grant).why_closed:
        raise Late(f"{reason} Elle ne peut plus être modifiée\u00a0: rien n'a été enregistré.")
    return dossier_stage, grant


def instructed(grant: Grant, *, by: User) -> DossierStage:
    dossier_stage = locked(grant.dossier_stage)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    return dossier_stage


def in_force(line: uuid.UUID, grant: Grant, *, read: int) -> Expense:
    """The version of a line in force, if it is still the one that was read."""
    current = (
        Expense.objects.in_force().select_related("proof_file", "letter_file").filter(line=line, grant=grant).first()
    )
    if current is None:
        raise Late("Cette dépense a été retirée depuis que vous avez ouvert la page.")
    if current.version != read:
        raise Late(
            f"Cette dépense a été modifiée le {french.moment(current.written_at)}, depuis que vous avez ouvert la "
            "page. Vérifiez votre saisie, ci-dessous, puis enregistrez-la à nouveau."
        )
    return current


def sent(grant: Grant, entries: Sequence[Entry], *, by: User, since: int) -> list[Expense]:
    """The same lines as somebody added them at once after the line of that key; none when they did not."""
    batches: dict[dt.datetime, list[Expense]] = {}
    for each in grant.expenses.filter(pk__gt=since, version=1, written_by=by).order_by("pk"):
        batches.setdefault(each.written_at, []).append(each)
    return next((lines for lines in batches.values() if [Entry.of(each) for each in lines] == list(entries)), [])


def write(grant: Grant, entries: Sequence[Entry], *, by: User) -> list[Expense]:
    """The lines, checked and written, under the lock. Raises Flawed, Refused."""
    terms, today = reading.terms_of(grant), timezone.localdate()
    for entry in entries:
        if found := flaws(entry, terms, today=today):
            raise Flawed(found)
    if grant.expenses.in_force().count() + len(entries) > MOST_LINES:
        raise Refused(
            f"Une trame contient {french.integer(MOST_LINES)} lignes au plus\u00a0: regroupez les dépenses qui se "
            "ressemblent."
        )
    now = timezone.now()
    return Expense.objects.bulk_create(
        Expense(grant=grant, written_by=by, written_at=now, **asdict(entry)) for entry in entries
    )


def end(expenses: Sequence[Expense], *, by: User) -> None:
    Expense.objects.in_force().filter(pk__in=[each.pk for each in expenses]).update(
        ended_at=timezone.now(), ended_by=by
    )


def said(expenses: Sequence[Expense]) -> str:
    """« 3 dépenses, 1 250,50 € » or « Licences de sauvegarde, 1 250,50 € »."""
    total = french.euros(sum((each.amount for each in expenses), Decimal(0)))
    if len(expenses) == 1:
        return f"{expenses[0].label}, {total}"
    return f"{french.count(len(expenses), 'dépense', 'dépenses')}, {total}"
