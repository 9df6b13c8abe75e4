"""The words by which instruction finds a dossier."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q

from dossiers.models import Answer, Dossier, DossierStage
from establishments import finess
from establishments import search as establishments_search


def refresh(dossier_stage: DossierStage) -> None:
    """Write again the search text of a dossier: reference, raison sociale, FINESS EJ and EG, référent.

    Each word is preceded by a space, so that the trigram index finds the beginning of any of them.
    """
    dossier = dossier_stage.dossier
    entity, referent = dossier.legal_entity, dossier.referent
    # The étape that asks for the perimeter may be an earlier one.
    perimeters = Answer.objects.filter(
        dossier_stage__dossier=dossier, code=F("dossier_stage__revision__perimeter_question")
    )
    sites = [site for each in perimeters for site in (each.value or {}).get("sites", [])]
    words = [
        dossier.reference,
        entity.finess,
        entity.name,
        entity.long_name,
        referent.full_name,
        referent.email,
        *(site["finess"] for site in sites),
    ]
    text = establishments_search.searchable(*words)
    Dossier.objects.filter(pk=dossier.pk).update(search_text=text)


def condition(text: str, *, path: str = "") -> Q:
    """What finds the dossiers that `text` names: each of its words begins a word of theirs, in any order, case, accents
    and punctuation ignored. A number typed in groups is one number. `path` leads to the dossier (`"dossier__"`)."""
    number = finess.normalise_number(text)
    found = Q()
    for spellings in establishments_search.wanted(number if number.isdigit() else text):
        word = Q()
        for spelling in spellings:
            word |= Q(**{f"{path}search_text__contains": f" {establishments_search.singular(spelling)}"})
        found &= word
    return found


def words_query(text: str) -> SearchQuery | None:
    """The same, for the words of a line of the list; None when `text` holds no word."""
    number = finess.normalise_number(text)
    wanted = establishments_search.wanted(number if number.isdigit() else text)
    asked = [[establishments_search.singular(spelling) for spelling in spellings] for spellings in wanted]
    # Letters and digits alone: nothing that a query would read otherwise.
    either = (" | ".join(f"{spelling.replace(' ', ' <-> ')}:*" for spelling in spellings) for spellings in asked)
    query = " & ".join(f"({each})" for each in either)
    return SearchQuery(query, config="simple", search_type="raw") if query else None
