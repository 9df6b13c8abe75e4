"""A convention on paper (F4): made again each time it is asked for, from a text and values that no longer change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from dossiers import pdf
from funding import agreement_text
from funding.models import Agreement, AgreementTemplate


@dataclass(frozen=True)
class Paper:
    title: str
    blocks: list[agreement_text.Block]
    values: Mapping[str, str]
    #: Its number of the dossier; none for a preview.
    number: int | None
    #: The date in the properties of the PDF.
    written: str


def of(agreement: Agreement) -> bytes:
    """The PDF/UA of a convention that was sent."""
    return write(agreement.template, agreement.values, number=agreement.number, at=agreement.sent_at)


def preview(template: AgreementTemplate, values: Mapping[str, str] | None = None) -> bytes:
    """What a version would give, with an example or with the values of a dossier; it says that it is no convention."""
    return write(template, values or agreement_text.example(), number=None, at=timezone.now())


def write(template: AgreementTemplate, values: Mapping[str, str], *, number: int | None, at: dt.datetime) -> bytes:
    paper = Paper(
        template.title,
        list(agreement_text.blocks(template.body, values)),
        values,
        number,
        timezone.localtime(at).isoformat(timespec="seconds"),
    )
    return pdf.write(
        render_to_string(
            "funding/pdf/agreement.html",
            {"paper": paper, "brand": settings.BRAND, "support_email": settings.SUPPORT_EMAIL},
        )
    )
