"""What the screens read of FINESS: the picker, the sites of an entity, the simulator's look-up."""

from collections.abc import Iterator
from functools import reduce
from operator import and_, or_
from typing import overload

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Length

from ecare import french
from establishments import finess, search
from establishments.enums import EstablishmentType
from establishments.models import (
    Departement,
    GeographicEntity,
    GeographicEntityQuerySet,
    HospitalGroup,
    LegalEntity,
    LegalEntityQuerySet,
    Region,
)

# Beyond that many, names that only look like what was typed help nobody.
MOST_APPROXIMATE = 50
# Words that begin no known word are the ones mistyped; when all are known, any may be.
_NEAREST_WORDS = """
    WITH asked AS (
        SELECT word, CASE WHEN length(word) < 5 THEN 1 ELSE 2 END AS slips,
               EXISTS (SELECT FROM establishments_searchword known
                       WHERE known.word >= asked.word AND known.word < asked.word || '~') AS known
        FROM unnest(%s::text[]) AS asked (word)
    ),
    compared AS (
        SELECT asked.word AS asked, asked.slips, candidate.word, candidate.uses,
               levenshtein_less_equal(candidate.word, asked.word, asked.slips) AS distance
        FROM asked
        JOIN establishments_searchword candidate
          ON length(candidate.word) BETWEEN length(asked.word) - asked.slips AND length(asked.word) + asked.slips
        WHERE NOT asked.known OR (SELECT bool_and(known) FROM asked)
    ),
    placed AS (
        SELECT asked, word, row_number() OVER (PARTITION BY asked ORDER BY distance, uses DESC, word) AS place
        FROM compared
        WHERE distance <= slips
    )
    SELECT asked, array_agg(word ORDER BY place) FROM placed WHERE place <= 8 GROUP BY asked
"""


class Found:
    """What a search found, counted and sliced as a Paginator wants it.

    Two queries a page; three after a typo, four when only the whole looks alike.
    """

    def __init__(self, rows: LegalEntityQuerySet, text: str) -> None:
        self.approximate = False
        """No name holds what was typed: these are the nearest ones, and the page should say so."""
        self._rows, self._nearest, self._text = _matching(rows, text), rows, text
        self._list: list[LegalEntity] | None = None
        self._count: int | None = None

    def count(self) -> int:
        if self._count is None:
            self._count = self._rows.count()
            if not self._count and (words := search.wanted(self._text)):
                self._list = _resembling(self._nearest, self._text, words)
                self._count = len(self._list)
                self.approximate = bool(self._list)
        return self._count

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[LegalEntity]:
        return iter(self[:])

    @overload
    def __getitem__(self, key: slice) -> list[LegalEntity]: ...
    @overload
    def __getitem__(self, key: int) -> LegalEntity: ...
    def __getitem__(self, key: slice | int) -> list[LegalEntity] | LegalEntity:
        if not self.count():
            return [][key]
        if self._list is not None:
            return self._list[key]
        return list(self._rows[key]) if isinstance(key, slice) else self._rows[key]


def picker(*, kind: str, region_code: str = "", text: str = "") -> Found:
    """The EJ offered for a type of establishment and a région (A1 step 2, E1b), best matches first, then by name.

    `text`: a FINESS number or its beginning, or words of the raison sociale in any order, whatever their case,
    accents, punctuation and usual abbreviations. The whole number of one of its sites also finds an EJ. When
    nothing holds what was typed, the names that resemble it. No région: all of them.
    For a GHT, each row is its supporting establishment and carries `group_names`.
    """
    rows = LegalEntity.objects.filter(kinds__contains=[kind])
    if region_code:
        rows = rows.filter(region_codes__contains=[region_code])
    if kind == EstablishmentType.GHT:
        groups = HospitalGroup.objects.filter(support=OuterRef("pk"), is_active=True).order_by("name")
        rows = rows.annotate(group_names=ArraySubquery(groups.values("name")))
    return Found(rows, text)


def matching(rows: LegalEntityQuerySet, text: str) -> LegalEntityQuerySet:
    """The rows whose number begins with the text or whose names hold its words: no tolerance to typos."""
    return _matching(rows, text)


def active_sites(legal_entity: LegalEntity, *, text: str = "") -> GeographicEntityQuerySet:
    """The open EG of an EJ, with their category (« Raison sociale · Finess EG », A1 step 2).

    `text`: the beginning of a number, or words of the names, as in the picker. Compared here: an entity has at most
    some hundreds of sites, and their names have no index of their own.
    """
    sites = legal_entity.sites.active().select_related("category").order_by("name", "finess")
    if not (text := text.strip()):
        return sites
    number, words = finess.normalise_number(text), search.wanted(text)
    kept = [
        pk
        for pk, site, *names in sites.values_list("pk", "finess", "name", "long_name")
        if site.startswith(number) or (words and search.holds(search.searchable(*names), words))
    ]
    return sites.filter(pk__in=kept)


def by_finess(number: str) -> LegalEntity | None:
    """The open EJ of this number, with `essms_sites`, the number of its open ESSMS sites (simulator, P2)."""
    number = finess.normalise_number(number)
    if not finess.is_valid(number):
        return None
    counted = Count("sites", filter=Q(sites__is_active=True, sites__category__is_essms=True))
    return LegalEntity.objects.active().filter(finess=number).annotate(essms_sites=counted).first()


def credit() -> str:
    """What the licence of the data asks every page that shows them to say; empty before the first import."""
    day = LegalEntity.objects.aggregate(day=Max("extracted_on"))["day"]
    return f"FINESS - ANS / ministère chargé de la santé, extraction du {french.day(day)}" if day else ""


def regions() -> list[Region]:
    """In the order a French reader expects: Île-de-France at I, whatever the collation of the database."""
    return sorted(Region.objects.all(), key=lambda region: search.normalise(region.name))


def departements() -> list[Departement]:
    return list(Departement.objects.select_related("region").order_by("code"))


def _matching(rows: LegalEntityQuerySet, text: str) -> LegalEntityQuerySet:
    text = text.strip()
    if not text:
        return rows.order_by("sort_name", "finess")
    number = finess.normalise_number(text)
    words = search.wanted(text)
    conditions = [reduce(and_, map(_holds, words))] if words else []
    places = []
    if finess.is_beginning(number):
        by_number = Q(finess__startswith=number)
        if len(number) == 9:
            site = GeographicEntity.objects.active().filter(finess=number)
            by_number |= Q(pk=Subquery(site.values("legal_entity")[:1]))
            conditions = []
        conditions.append(by_number)
        places.append(When(by_number, then=Value(0)))
    if not conditions:
        return rows.none()
    phrase = search.normalise(text)
    places += [
        When(sort_name=phrase, then=Value(1)),
        When(sort_name__startswith=phrase, then=Value(2)),
        When(search_text__contains=f" {phrase}", then=Value(3)),
    ]
    place = Case(*places, default=Value(4), output_field=IntegerField())
    return rows.filter(reduce(or_, conditions)).order_by(place, "sort_name", "finess")


def _holds(spellings: tuple[str, ...]) -> Q:
    """One of the spellings begins a word of the names."""
    return reduce(or_, (Q(search_text__contains=f" {search.singular(spelling)}") for spelling in spellings))


def _resembling(rows: LegalEntityQuerySet, text: str, words: list[tuple[str, ...]]) -> list[LegalEntity]:
    """The rows that hold each word as typed, or a word near to it, or the two words it joins (« Bellevue » for
    « Belle Vue »); failing that, those whose names look like the text as a whole (one word too many). The most alike
    first."""
    phrase = search.normalise(text)
    rows = rows.annotate(likeness=TrigramWordSimilarity(phrase, "search_text"))
    rows = rows.order_by(F("likeness").desc(), Length("search_text"), "sort_name", "finess")
    typed = [spellings[-1] for spellings in words]
    nearest = _nearest_words(typed)
    others = [[*nearest.get(word, ()), *search.cuts(word)] for word in typed]
    if any(others):
        mended = [_holds((*spellings, *more)) for spellings, more in zip(words, others, strict=True)]
        found: list[LegalEntity] = list(rows.filter(reduce(and_, mended))[:MOST_APPROXIMATE])
        if found:
            return found
    return list(rows.filter(search_text__trigram_word_similar=phrase)[:MOST_APPROXIMATE])


def _nearest_words(words: list[str]) -> dict[str, list[str]]:
    """The words of the directory at one slip of the keyboard (two from five letters on), nearest first."""
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST_WORDS, [words])
        return dict(cursor.fetchall())
