"""PDF documents, tagged (PDF/UA), made without reaching anything outside (Q54, Q66)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pikepdf
import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from weasyprint.urls import URLFetcher

from dossiers import kinds, queries, scores
from dossiers.models import Attachment, Dossier, Question, Section, Transmission
from dossiers.queries import Correction, TransmittedEntry
from dossiers.sheet import Entry
from funding.schedule.estimates import Estimate

STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "pdf.css"


class ClosedFetcher(URLFetcher):
    """Fetches nothing: whatever an applicant typed, no file is read and no host is called."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        raise ValueError("a document refers to nothing outside itself")


@dataclass(frozen=True)
class Printed:
    """One question with its answer, as it may stand on paper."""

    question: Question
    value: Any
    lines: list[kinds.Line]
    files: list[Attachment]
    #: Of a contact corrected since it was transmitted, beside what was: the PDF of a dossier alone shows it.
    correction: Correction | None = None

    @property
    def corrected_lines(self) -> list[kinds.Line]:
        return self.correction.lines(self.question) if self.correction else []


@dataclass(frozen=True)
class Receipt:
    """Everything that a receipt prints, read from the transmission alone: nothing that changed since (D9)."""

    transmission: Transmission

    @property
    def dossier(self) -> Dossier:
        return self.transmission.dossier_stage.dossier

    @property
    def applicant(self) -> dict[str, str]:
        """The établissement and the référent as they were."""
        applicant: dict[str, str] = self.transmission.applicant
        return applicant

    @cached_property
    def sections(self) -> list[tuple[Section, list[Printed]]]:
        return [
            (section, [printed(entry) for entry in entries])
            for section, entries in queries.transmitted_sections(self.transmission)
        ]

    @property
    def files(self) -> int:
        return sum(len(entry.files) for _, entries in self.sections for entry in entries)

    @cached_property
    def estimate(self) -> Estimate | None:
        return Estimate.from_json(self.transmission.estimate) if self.transmission.estimate else None

    @cached_property
    def score(self) -> scores.Result | None:
        return queries.score(self.transmission)

    @property
    def written(self) -> str:
        """The date in the properties of the PDF."""
        return timezone.localtime(self.transmission.at).isoformat(timespec="seconds")


def printed(entry: TransmittedEntry | Entry, correction: Correction | None = None) -> Printed:
    """An answer transmitted, or being written, with what a responsable corrected of it since."""
    lines = entry.kind.printed_lines(entry.question, entry.value) if entry.value is not None else []
    return Printed(entry.question, entry.value, lines, entry.files, correction)


def receipt(transmission: Transmission) -> bytes:
    """The receipt of a transmission: who, when, every answer, every file with its SHA-256, the estimate (D9)."""
    return write(
        render_to_string(
            "dossiers/pdf/receipt.html",
            {"receipt": Receipt(transmission), "brand": settings.BRAND, "support_email": settings.SUPPORT_EMAIL},
        )
    )


def write(html: str) -> bytes:
    """The PDF/UA-1 of a page laid out by `static/css/pdf.css`."""
    fetcher = ClosedFetcher()
    stylesheet = weasyprint.CSS(string=STYLESHEET.read_text(encoding="utf-8"), url_fetcher=fetcher)
    pdf: bytes = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf(
        stylesheets=[stylesheet], pdf_variant="pdf/ua-1", pdf_tags=True
    )
    return with_running_artifacts(pdf)


def with_running_artifacts(content: bytes) -> bytes:
    """The same document, its footers as pagination artifacts (ISO 14289-1, 7.8): WeasyPrint leaves them marked as
    content, outside of the structure tree, the last ones that a page draws."""
    with pikepdf.open(io.BytesIO(content)) as document:
        tree = document.Root.StructTreeRoot
        read_aloud = {element.objgen for element in tree.K[0].K}
        for page, marked in zip(document.pages, list(tree.ParentTree.Nums)[1::2], strict=False):
            drawn = page.Contents.read_bytes()
            while len(marked) and top(marked[-1]).objgen not in read_aloud:
                mark = b"/Span\n<</MCID %d>>\nBDC" % (len(marked) - 1)
                drawn = drawn.replace(mark, b"/Artifact\n<</Type /Pagination>>\nBDC")
                del marked[-1]
            page.Contents.write(drawn)
        finished = io.BytesIO()
        document.save(finished)
    return finished.getvalue()


def top(element: pikepdf.Object) -> pikepdf.Object:
    """The element of the structure tree, just below the document, that holds this one."""
    while pikepdf.Name.Document != element.P.S:
        element = element.P
    return element
