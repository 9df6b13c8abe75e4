"""A form as the référent will see it, on an étape that exists in memory alone: nothing is ever written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from dossiers import conditions, kinds, queries
from dossiers.admin.editor import home, revision_of
from dossiers.admin.pages import administrator
from dossiers.models import Dossier, DossierStage, FormRevision, Section
from dossiers.sheet import Entry, Sheet
from establishments.models import GeographicEntity, LegalEntity

#: A reference of the right shape that no dossier has: it spells « aperçu », with letters that references never use.
REFERENCE = "APERCUOOOO"


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The form blank; posted, with the questions that the answers typed bring out."""
    revision = revision_of(pk)
    sheet = blank_sheet(revision, administrator(request))
    if request.method == "POST":
        sheet.retype(
            {
                entry.code: entry.kind.raw_from(entry.question, request.POST)
                for entry in sheet.entries
                if entry.kind.has_fields
            }
        )
    everything = "everything" in request.GET
    return TemplateResponse(
        request,
        "admin/dossiers/preview.html",
        {
            "revision": revision,
            "sheet": sheet,
            "dossier": sheet.dossier_stage.dossier,
            "sections": shown(sheet, everything=everything),
            "everything": everything,
            "back": home(pk),
        },
    )


def shown(sheet: Sheet, *, everything: bool) -> list[tuple[Section, list[tuple[Entry, str]]]]:
    """The questions asked, or all of them, each then with its condition in words."""
    labels = kinds.labels([entry.question for entry in sheet.entries])
    if not everything:
        return [(section, [(entry, "") for entry in entries]) for section, entries in sheet.shown_sections]
    for entry in sheet.entries:
        entry.shown = True
    return [
        (section, [(entry, conditions.in_words(entry.question.shown_when, labels)) for entry in entries])
        for section, entries in sheet.sections
    ]


def blank_sheet(revision: FormRevision, user: User) -> Sheet:
    """The sheet of a dossier that does not exist, for an EJ taken as an example."""
    guichet = revision.stage.guichet
    dossier = Dossier(
        reference=REFERENCE,
        guichet=guichet,
        legal_entity=example(),
        establishment_type=guichet.audience[0] if guichet.audience else "essms",
        referent=user,
    )
    dossier_stage = DossierStage(dossier=dossier, stage=revision.stage, revision=revision)
    form = queries.sections(revision)
    return Sheet(dossier_stage, form, answers={}, files=[], template_files=queries.template_files(form))


def example() -> LegalEntity:
    """An EJ of the directory with sites, so that a perimeter has something to offer."""
    site = GeographicEntity.objects.filter(is_active=True).select_related("legal_entity__region").first()
    return site.legal_entity if site else LegalEntity(pk=0, finess="000000000", name="Établissement d'exemple")
