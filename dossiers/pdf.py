"""PDF documents, tagged (PDF/UA), made without reaching anything outside (Q54, Q66)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint.urls import URLFetcher

from dossiers import queries
from dossiers.models import Transmission
from funding.schedule.calculation import Estimate

STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "pdf.css"


class ClosedFetcher(URLFetcher):
    """Fetches nothing: whatever an applicant typed, no file is read and no host is called."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        raise ValueError("a document refers to nothing outside itself")


def receipt(transmission: Transmission) -> bytes:
    """The receipt of a transmission: who, when, every answer, every file with its SHA-256, the estimate (D9)."""
    html = render_to_string(
        "dossiers/pdf/receipt.html",
        {
            "transmission": transmission,
            "dossier_stage": transmission.dossier_stage,
            "dossier": transmission.dossier_stage.dossier,
            "sections": queries.transmitted_sections(transmission),
            "estimate": Estimate.from_json(transmission.estimate) if transmission.estimate else None,
            "brand": settings.BRAND,
            "support_email": settings.SUPPORT_EMAIL,
        },
    )
    document = weasyprint.HTML(string=html, url_fetcher=ClosedFetcher())
    stylesheet = weasyprint.CSS(string=STYLESHEET.read_text(encoding="utf-8"), url_fetcher=ClosedFetcher())
    pdf: bytes = document.write_pdf(stylesheets=[stylesheet], pdf_variant="pdf/ua-1", pdf_tags=True)
    return pdf
