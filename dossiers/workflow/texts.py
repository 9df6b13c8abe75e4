"""The texts that decisions start from (I3), as the team writes them."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, template_texts
from dossiers.models import Guichet, TemplateText
from dossiers.models.decisions import NAME_TAKEN
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit, french
from ecare.models import AuditKind


class ChangedMeanwhile(Refused):
    """Somebody changed the text after it was read; `now` is what it has become, None when it was removed."""

    def __init__(self, now: TemplateText | None) -> None:
        self.now = now
        if now is None:
            said = "Ce texte a été supprimé depuis que vous l'avez ouvert. Ce que vous avez écrit est ci-dessous."
        else:
            said = (
                f"Ce texte a été modifié le {french.moment(now.changed_at)} par {now.changed_by.full_name}, depuis que "
                "vous l'avez ouvert. Comparez les deux, puis enregistrez le vôtre si vous le gardez."
            )
        super().__init__(said)


@transaction.atomic
def save(
    text: TemplateText | None, *, by: User, name: str, purpose: str, guichet: Guichet | None, body: str, read: int = 0
) -> TemplateText:
    """Add a text, or write `text` again as its version `read` was on the page.

    Raises NotAllowed, ChangedMeanwhile, Refused when a field of it does not exist or when its name is taken.
    """
    _check_editor(by)
    kept = _locked(text, read=read) if text is not None else TemplateText()
    if flaw := template_texts.flaw(body, purpose):
        raise Refused(flaw)
    kept.name, kept.purpose, kept.guichet, kept.body = name.strip(), purpose, guichet, body.strip()
    kept.changed_at, kept.changed_by = timezone.now(), by
    kept.version = kept.version + 1 if text is not None else 1
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise Refused(NAME_TAKEN) from error
    _audit(kept, by=by, change="changed" if text is not None else "added")
    return kept


@transaction.atomic
def remove(text: TemplateText, *, by: User, read: int) -> None:
    """Remove a text: what was sent with it stays as it is. Raises NotAllowed, ChangedMeanwhile."""
    _check_editor(by)
    kept = _locked(text, read=read)
    _audit(kept, by=by, change="removed")
    kept.delete()


def _check_editor(by: User) -> None:
    if not access.may_edit_texts(by):
        raise NotAllowed("Vous ne pouvez pas modifier les textes types.")


def _locked(text: TemplateText, *, read: int) -> TemplateText:
    now = TemplateText.objects.select_for_update(of=("self",)).select_related("changed_by").filter(pk=text.pk).first()
    if now is None or now.version != read:
        raise ChangedMeanwhile(now)
    return now


def _audit(text: TemplateText, *, by: User, change: str) -> None:
    audit.record(AuditKind.ADMINISTERED, by=by, subject=f"dossiers.templatetext {text.pk}", **{change: text.version})
