"""The texts of conventions: written by administrators, published for good, copied into the next version."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dossiers.models import Guichet
from dossiers.workflow.table import Refused
from funding import agreement_text
from funding.models import AgreementTemplate


@transaction.atomic
def publish(template_id: int) -> AgreementTemplate:
    """Bring a text into use, for good. Raises Refused with what is wrong in it; twice does once."""
    template = AgreementTemplate.objects.select_for_update().get(pk=template_id)
    if template.is_published:
        return template
    if found := agreement_text.flaws(template.body):
        raise Refused(" ".join(found))
    template.published_at = timezone.now()
    template.save(update_fields=["published_at"])
    return template


@transaction.atomic
def next_version(template_id: int) -> AgreementTemplate:
    """Copy a version into a draft that carries the next free number."""
    source = AgreementTemplate.objects.select_for_update().get(pk=template_id)
    last = AgreementTemplate.objects.filter(guichet=source.guichet_id).aggregate(last=Max("version"))["last"]
    return AgreementTemplate.objects.create(
        guichet=source.guichet, version=last + 1, title=source.title, body=source.body
    )


@transaction.atomic
def load(path: Path) -> AgreementTemplate | None:
    """Publish the first version of the text shipped for a guichet (`fixtures/agreements/<code>.md`: a title, then the
    text), unless the guichet has one already. None when there is no such guichet."""
    guichet = Guichet.objects.select_for_update().filter(code=path.stem).first()
    if guichet is None:
        return None
    existing = AgreementTemplate.objects.filter(guichet=guichet).order_by("-version").first()
    if existing is not None:
        return existing
    title, _, body = path.read_text(encoding="utf-8").partition("\n")
    return publish(AgreementTemplate.objects.create(guichet=guichet, title=title.strip(), body=body.strip()).pk)
