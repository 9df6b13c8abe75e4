"""The words by which instruction finds a dossier."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q

from dossiers.models import Answer, Dossier, DossierStage
from establishments import finess
from establishments import queries as register
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
    found = Q()
    for spellings in wanted(text):
        word = Q()
        for spelling in spellings:
            word |= Q(**{f"{path}search_text__contains": f" {establishments_search.singular(spelling)}"})
        found &= word
    return found


def words_query(text: str) -> SearchQuery | None:
    """The same, for the words of a line of the list; None when `text` holds no word."""
    query = " & ".join(either(spellings) for spellings in wanted(text))
    return raw(query) if query else None


def near_query(text: str) -> SearchQuery | None:
    """What finds the lines that `text` nearly names: in place of the words that the register knows not, those at a slip
    of the keyboard; when it knows them all, one at most is not the one meant. None when nothing is near: 1 query."""
    asked = wanted(text)
    nearest, all_known = register.nearest_words([min(spellings, key=len) for spellings in asked])
    if not nearest:
        return None
    typed = [either(spellings) for spellings in asked]
    mended = [either((*spellings, *nearest.get(min(spellings, key=len), ()))) for spellings in asked]
    if not all_known:
        return raw(" & ".join(mended))
    return raw(
        " | ".join(
            f"({' & '.join([*typed[:place], mended[place], *typed[place + 1 :]])})" for place in range(len(asked))
        )
    )


def wanted(text: str) -> list[tuple[str, ...]]:
    """The spellings of each word; a number typed in groups is one number."""
    number = finess.normalise_number(text)
    return establishments_search.wanted(number if number.isdigit() else text)


def either(spellings: Iterable[str]) -> str:
    """The words that begin by one of these, in the language of `to_tsquery`: letters and digits, nothing to escape."""
    begun = (establishments_search.singular(spelling).replace(" ", " <-> ") for spelling in spellings)
    return f"({' | '.join(f'{spelling}:*' for spelling in begun)})"


def raw(query: str) -> SearchQuery:
    return SearchQuery(query, config="simple", search_type="raw")
